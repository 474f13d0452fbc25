"""Measurements, each beside a floor in the same run; `make bench` runs them all and writes docs/performance.md.

Nothing that ships knows of them, and no test depends on how fast anything is.
"""
