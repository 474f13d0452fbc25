"""What a newcomer does and sees, from the README's first command to the Temporal UI in a browser."""
