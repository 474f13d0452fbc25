"""The only rooms that touch the world outside: exposure, metrics, notices, and the ledger's door."""
