"""The rules of the house, guarded by tests and not by memory."""
