"""Sources, each against the real thing that it asks."""
