# Two commands: `make demo` and `make test`. Both make their own .venv here and are quick to repeat.
# PIP_ARGS is handed to pip, e.g. to choose PyTorch's CPU index (README, "CPU-only PyTorch").
PYTHON ?= python3
PIP_ARGS ?=
TORCH ?= torch==2.13.0
BIN = .venv/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS)

.PHONY: demo test test-all lint bench clean

demo: .venv/.core
	$(BIN)/python -P -m tdsec_gov.cli.main demo

test: .venv/.dev lint
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "not slow"

test-all: .venv/.dev lint
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.dev
	$(BIN)/python bench/startup.py

.venv/.made:
	$(PYTHON) -m venv .venv
	touch .venv/.made

.venv/.core: .venv/.made pyproject.toml tdsec_gov_boot.pth tdsec_gov_boot.start
	$(PIP) -e '.[demo,precommit]'
	touch .venv/.core

.venv/.dev: .venv/.core
	$(PIP) '$(TORCH)'
	$(PIP) -e '.[dev]'
	touch .venv/.dev

clean:
	rm -rf .venv
