"""Floor 4: what people type. It reads files, asks the rules of floor 0, tells rollouts, and writes down the answers.

No rule lives here, and nothing of Temporal is imported before a verb that needs it is called.
"""
