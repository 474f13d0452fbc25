"""Floor 4: what people type. It reads files, asks the rules of floor 0, and writes down what they say.

No rule lives here, and no verb of this room imports Temporal.
"""
