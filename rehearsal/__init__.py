"""Floor 4: a rollout lived through before it begins, by its real workflow, in a world that a scenario tells of."""
