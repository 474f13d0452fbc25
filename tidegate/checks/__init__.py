"""The rooms of `check`: red flags and gaps, one module a subject, each ending with the tuple of its rules."""
