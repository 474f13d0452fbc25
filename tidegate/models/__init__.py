"""The words: frozen, strict pydantic models that every floor shares."""
