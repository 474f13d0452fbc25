"""The review desk, without any network: its door, how people come in, and what becomes of what they decide."""
