"""The workflow on real servers."""
