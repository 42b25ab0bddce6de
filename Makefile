# Everything runs in .venv, with the exact versions of constraints.txt.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# What an installation says is shown where it fails.
SAY = >.venv/install.log 2>&1 || { cat .venv/install.log; exit 1; }

# Nothing that is run here tells anybody else that it was.
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

.PHONY: demo test browser-test fleet-test lint format prove bench clean

demo: .venv/installed
	@$(BIN)/lead-moves demo

test: .venv/installed-test
	$(BIN)/python -m pytest

# In Debian's Chromium: apt install chromium chromium-driver. PICTURES=1 takes the screenshots of docs/ anew.
browser-test: .venv/installed-browser
	LEAD_MOVES_PICTURES=$(PICTURES) $(BIN)/python -m pytest tests/browser

# Several machines, one ledger and one request budget, on a PostgreSQL server of its own: apt install postgresql.
fleet-test: .venv/installed-test
	$(BIN)/python -m pytest tests/fleet

lint: .venv/installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/installed-lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The long proofs: 10,000 faulty submits, every kill point 50 times.
prove: .venv/installed-test
	LEAD_MOVES_PROVE=1 $(BIN)/python -m pytest tests/faults -s

# Writes docs/figures.md, in about half an hour; FULL=--full adds plans of 10,000 moves and the long proofs.
bench: .venv/installed-bench .venv-peers/installed
	$(BIN)/python -m bench $(FULL)

clean:
	rm -rf .venv .venv-peers .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

.venv/pip: constraints.txt
	$(PYTHON) -m venv .venv
	@$(PIP) install --upgrade --constraint constraints.txt pip
	@touch $@

.venv/installed: .venv/pip pyproject.toml
	@echo "installing lead-moves into .venv (a minute or two, once)"
	@$(PIP) install --constraint constraints.txt --editable . $(SAY)
	@touch $@

.venv/installed-%: .venv/installed
	@$(PIP) install --constraint constraints.txt --group $* $(SAY)
	@touch $@

# What others use, run as their own code; their packages want other versions than ours.
.venv-peers/installed: pyproject.toml
	$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip --disable-pip-version-check --quiet install --upgrade pip
	@.venv-peers/bin/python -m pip --disable-pip-version-check --quiet install --group peers
	@touch $@
