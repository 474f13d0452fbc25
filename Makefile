# Every verb sets up what it needs first. From a clean clone: git, make and Python 3.11 or newer.

PYTHON ?= python3
# Most tests wait for servers most of the time, so there may be more hands than cores.
HANDS ?= 4
READY := .venv/.ready
BIN := .venv/bin
# Hundreds of processes begin in the tests: each module is compiled once, whatever the machine says.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help up test services fast lint types bench docs mutants lock clean

help: ## list these verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

up: $(READY) ## set up, start the server and a worker, and set the sample rollout going; Ctrl-C ends it
	$(BIN)/tidegate up --sample

test: lint ## everything CI runs: lint, then types and every test beside each other
	$(BIN)/mypy & types=$$!; \
	$(BIN)/pytest --numprocesses=$(HANDS) --dist=loadfile --no-loadscope-reorder; tests=$$?; \
	wait $$types && exit $$tests

services: $(READY) ## install the servers and the browser that tests talk to
	@$(BIN)/python -m tests.services

fast: $(READY) ## only the tests of floor 0, the pure rules
	$(BIN)/pytest tests/pure -q --numprocesses=2 --dist=worksteal

lint: $(READY) ## ruff, its formatter in checking mode, and the floors
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo

types: $(READY) ## mypy, strict
	$(BIN)/mypy

bench: $(READY) ## measure, each figure beside its floor, and write docs/performance.md; BENCH=decide for one part
	@$(BIN)/python -m bench $(MORE) $(BENCH)

docs: $(READY) ## write docs/reference anew from the models
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/requirements.py

mutants: $(READY) ## change the rules one at a time and see that a test notices
	$(BIN)/python -m tests.mutants

lock: ## write requirements*.txt anew from pyproject.toml; delete them first to move every pin
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && set -e; \
	$(PYTHON) -m venv "$$dir"; \
	"$$dir/bin/pip" install --quiet --disable-pip-version-check uv; \
	"$$dir/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra dev --extra traces \
	  --custom-compile-command 'make lock' \
	  --output-file requirements.txt pyproject.toml; \
	"$$dir/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra traces --constraint requirements.txt \
	  --custom-compile-command 'make lock' \
	  --output-file requirements-run.txt pyproject.toml

clean: ## remove everything that `make` and the tools left behind
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache mutants build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Tidegate needs Python 3.11 or newer, and '$(PYTHON)' is not. Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "setting up .venv, once; about a minute"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
