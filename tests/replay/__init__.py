"""What Temporal recorded of rollouts, played again with today's code."""
