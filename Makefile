# `make` alone makes the program ready. Nothing is needed but Python 3.11+, make and the package registry.
# A line of help follows `##`; `make help` prints them.

.DEFAULT_GOAL := ready
SHELL := /bin/sh

# The first Python that is new enough; override with `make PYTHON=/path/to/python3`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
WARM := .venv/.warm
WORKERS ?= 2
DEMO_DIR ?= demo-report
NHANES := src/cobalamin/data/nhanes_2011_2012
PRACTICE := src/cobalamin/data/virtual_practice

# The environment is this checkout's own; settings of an outer one would lead imports astray.
unexport PYTHONPATH VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The tests and checks are many small runs: one thread each is faster than threads that wait for each other.
test quick check: export POLARS_MAX_THREADS := 1

.PHONY: ready help demo practice test quick check lint format types layers sizes columns guidance-check docs-check \
	validate bench guidance docs lock clean distclean

ready: $(READY) $(WARM)  ## make .venv and install cobalamin in it (the default)
	@echo "cobalamin is ready: $(BIN)/cobalamin --help. Other targets: make help."

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'

# One stamp for the whole environment: a second `make` finds it newer than its sources and does nothing.
# The lock pins every package by hash, the build backend too, so the last line needs no network.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { \
		echo "make: no Python 3.11 or newer was found. Install one, or say make PYTHON=/path/to/python3." >&2; \
		exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { \
		echo "make: $(PYTHON) -m venv failed. On Debian and Ubuntu: apt-get install python3-venv." >&2; exit 2; }
	@echo "Installing the packages of requirements.lock into .venv (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The model is compiled anew only where its sources changed, so that no first call waits.
$(WARM): $(READY) $(wildcard src/cobalamin/physiology/*.py src/cobalamin/physiology/*.csv src/cobalamin/physiology/parameters/*.csv)
	@echo "Compiling the model of B12 in the body (about half a minute) ..."
	@$(BIN)/python -m cobalamin.physiology.warm
	@touch $@

demo: $(READY)  ## audit the NHANES 2011-2012 survey, then assess one patient
	@$(BIN)/cobalamin audit $(NHANES) --out $(DEMO_DIR) --force
	@echo
	@$(BIN)/cobalamin assess examples/worked_patient.yaml

practice: $(READY)  ## audit the virtual practice of 5,000 people, and see how right the audit is
	@$(BIN)/cobalamin audit $(PRACTICE) --truth $(PRACTICE)/truth.parquet --out practice-report --force

test: $(READY)  ## run every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q

quick: $(READY)  ## run the tests that take seconds
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q -m "not slow and not shipped"

check: lint format types layers sizes columns guidance-check docs-check  ## all that must hold before a commit, tests aside
	@echo "make check: all well."

lint: $(READY)
	@$(BIN)/ruff check --quiet .

format: $(READY)
	@$(BIN)/ruff format --quiet --check . || { \
		echo "Some files are not formatted. Format them with: $(BIN)/ruff format ." >&2; exit 1; }

types: $(READY)
	@$(BIN)/mypy --no-error-summary

layers: $(READY)
	@$(BIN)/python -m tools.check_layers

sizes: $(READY)
	@$(BIN)/python -m tools.check_sizes

columns: $(READY)
	@$(BIN)/python -m tools.check_columns

guidance-check: $(READY)
	@$(BIN)/cobalamin guidance check
	@$(BIN)/python -m tools.compile_guidance --check

docs-check: $(READY)
	@$(BIN)/python -m tools.check_hazards
	@$(BIN)/python -m tools.generate_docs --check

guidance: $(READY)  ## compile the guidance YAML into the hashed JSON that ships
	@$(BIN)/python -m tools.compile_guidance

docs: $(READY)  ## write the generated parts of the documentation again
	@$(BIN)/python -m tools.generate_docs

validate: $(READY)  ## our answers beside published cases and cohorts
	@$(BIN)/python -m validation

bench: $(READY)  ## speed and memory, beside other tools
	@$(BIN)/python -m benchmarks

lock: $(READY)  ## choose package versions anew and write requirements.lock (needs uv)
	@uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--upgrade --no-header --no-annotate --quiet --output-file requirements.lock
	@$(BIN)/python -m tools.check_lock

clean:  ## remove what was made, except .venv
	@rm -rf $(DEMO_DIR) practice-report build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src tests tools validation benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## remove .venv too
	@rm -rf .venv
