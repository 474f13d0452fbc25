"""The doors for signals: what monitoring, gateways and proxies send. They only ever make it safer."""
