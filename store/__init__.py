"""Floor 1, the store: the only room that speaks SQL. It keeps evidence and rules on nothing."""
