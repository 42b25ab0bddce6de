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

bench: .venv/installed-bench
	$(BIN)/python -m bench.polling
	$(BIN)/python -m bench.schedule
	$(BIN)/python -m bench.submit
	$(BIN)/python -m bench.plans

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

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
