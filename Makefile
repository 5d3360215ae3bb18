# From a fresh clone with Python 3.11 and pip: `make demo`, `make test`.
# Everything is installed into .venv from the lock.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SIZE ?= 1m
DEMO ?= demo-clinic
TESTS ?=
UPGRADE ?=

PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps
COMPILE := $(BIN)/uv pip compile --quiet --no-header --no-annotate --generate-hashes \
  --python-version 3.11 $(UPGRADE) pyproject.toml
EXTRAS := --extra postgres --extra notebook --extra test --extra lint --extra docs

.PHONY: demo test lint bench docs site lock clean

demo: .venv/.made  ## an invented clinic, and the whole job on it
	$(BIN)/segmenter demo $(DEMO)

test: .venv/.made  ## all tests; TESTS=tests/store for some
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(TESTS)

lint: .venv/.made  ## style, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.made  ## side by side with plain SQL: SIZE=100k, 1m, 10m
	$(BIN)/python -m benchmarks --size $(SIZE)

docs: .venv/.made  ## rewrite the generated pages
	$(BIN)/python docs/generate.py

site: .venv/.made  ## the documentation as a site in dist/site; a warning is an error
	$(BIN)/python -m sphinx -W --keep-going -q -b dirhtml docs dist/site

lock: .venv/.made  ## both locks; UPGRADE=--upgrade for the newest versions
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) $(EXTRAS) --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf .venv dist demo-clinic .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# The lock names every package, so pip need not look for what each of them requires.
.venv/.made: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes --requirement requirements-dev.lock
	$(PIP) --no-index --no-build-isolation --editable .
	touch $@
