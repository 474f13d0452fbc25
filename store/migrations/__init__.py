"""How the tables came to be as they are; a revision that was committed is never changed."""
