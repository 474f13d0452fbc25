"""FLOOR 4, the review desk: pages on which people without a shell read, decide and sign.

It knows no rule of its own, and it can forge no vote: what people sign is verified again by the rules, word for word.
"""
