"""From what people wrote to what is run: read it, resolve its names and standards, build the ladder, keep origins."""
