"""The rows of the requirements, each proved on the system by a test that is named after it."""
