"""Who is in a cohort: read from its source, kept in the store by digest, and told to those that hold people by name."""
