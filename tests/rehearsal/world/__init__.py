"""The scripted world of a rehearsal."""
