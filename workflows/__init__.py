"""Floor 3: order and time. What waits, and what Temporal shows of it; no rule lives here."""
