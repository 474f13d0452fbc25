"""Rehearsals: what they live through, and the world that they stand in."""
