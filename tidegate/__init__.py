"""Floor 0: the words and the rules of Tidegate.

Nothing here prints, waits, reads a clock, rolls a die or touches the world. `now` is always an argument.
"""
