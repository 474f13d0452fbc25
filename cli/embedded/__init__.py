"""The embedded server: the real Temporal server on its SQLite file and one worker, both under one home directory.

Nothing here imports Temporal when it is loaded, and whoever keeps the two processes going never does: they are asked
over HTTP. Only `inquiry` speaks to Temporal, for `tidegate doctor`.
"""
