"""Tests of floor 0: no server, no clock, no files beside the sample playbooks."""
