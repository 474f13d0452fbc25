"""The activities, asked the way a worker asks them, against real backends."""
