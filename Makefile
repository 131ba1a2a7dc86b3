# `make` alone lists what there is. Every target sets up .venv first where that has not been done.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
BIN := .venv/bin
STAMP := .venv/.setup-done

# Quiet and offline: nothing here reports home, and Prefect's ephemeral server may take its time on a busy machine.
export DO_NOT_TRACK := 1
export HF_HUB_DISABLE_TELEMETRY := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED := false
export PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS := 300
# Every test of a whole run starts processes anew: without bytecode each would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test test-fast soak check fix tiny pins clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP)  ## make .venv with everything in it (about 2 minutes; safe to repeat)

$(STAMP): pyproject.toml constraints.txt constraints-gpu.txt scripts/setup.sh scripts/overrides-gpu.txt
	@scripts/setup.sh

demo: $(STAMP)  ## sample, verify and filter a small dataset with the tiny model
	@$(BIN)/r1data run data/recipes/demo.yaml

test: $(STAMP)  ## run every test, in JOBS (2) processes
	@$(BIN)/python -m pytest -n $(or $(JOBS),2) --dist loadscope --no-loadscope-reorder

test-fast: $(STAMP)  ## run the tests of the inner loop (about 4 minutes, no engine)
	@$(BIN)/python -m pytest -m "not engine and not slow"

soak: $(STAMP)  ## kill runs at random moments for MINUTES (60), and compare what comes of them
	@$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),60)

check: $(STAMP)  ## lint, formatting, types, import directions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: $(STAMP)  ## mend what the linter and the formatter can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

tiny: $(STAMP)  ## train the tiny model again into data/models/tiny
	@$(BIN)/python -m training.tiny --out data/models/tiny

pins: $(STAMP)  ## write the pins anew from what is installed
	@scripts/pins.sh && touch $(STAMP)

clean:  ## remove .venv, caches and build output; runs/ and models/ stay
	@rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
