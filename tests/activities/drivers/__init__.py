"""One folder of questions for each kind of backend, and one set that all of them are asked."""
