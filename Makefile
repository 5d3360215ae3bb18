# From a fresh clone with Python 3.11 and pip: `make demo`, `make test`. Everything is installed into .venv from the lock.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SIZE ?= 1m
DEMO ?= demo-clinic
TESTS ?=

.PHONY: demo test lint bench docs clean

demo: .venv/.made  ## an invented clinic, and the whole job on it
	$(BIN)/segmenter demo $(DEMO)

test: .venv/.made  ## all tests; TESTS=tests/test_keys.py for some
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(TESTS)

lint: .venv/.made  ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.made  ## side by side with plain SQL: SIZE=100k, 1m, 10m
	$(BIN)/python -m benchmarks --size $(SIZE)

docs: .venv/.made  ## rewrite the generated pages
	$(BIN)/python docs/generate.py

clean:
	rm -rf .venv dist demo-clinic .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/.made: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	touch $@
