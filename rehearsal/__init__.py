"""A rollout's life, lived through in virtual time: the very same workflow, in a world that a scenario scripts."""
