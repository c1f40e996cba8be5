# make install | demo | test | test-extras | format | clean
# Each of them does all the set-up it needs, in .venv; nothing outside the repository is touched.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The package as it ships; type checker and import-linter need it (see pyproject.toml).
TREE := build/types

# $(call stage,NAME,COMMAND): runs the command under a heading and says how long it took.
define stage
	@echo "==> $(1)"; $(2); echo "==> $(1): $$SECONDS s"
endef

.NOTPARALLEL:
.PHONY: help install demo test format-check lint tree floors types pytest test-extras format clean

help:
	@echo "make install   set up .venv, once"
	@echo "make demo      record, train and evaluate; writes runs/demo/report.html"
	@echo "make test      format, lint, floors, types and tests"
	@echo "make format    format and sort imports"
	@echo "make clean     remove what was built (.venv, runs and data stay)"

install: $(STAMP)

$(STAMP): pyproject.toml setup.py constraints.txt
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "robolearn needs Python 3.11 or newer with venv. On Debian or Ubuntu:" \
	    "apt-get install python3-venv; or name another one: make install PYTHON=python3.12" >&2; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(call stage,install,$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]')
	$(call stage,install Meta-World,$(BIN)/python -m pip install -q --no-deps -c constraints.txt \
	  "metaworld; python_version < '3.14'")
	@touch $@

demo: $(STAMP)
	$(BIN)/robolearn demo

# The cheap checks come first.
test: format-check lint floors types pytest

format-check: $(STAMP)
	$(call stage,format,$(BIN)/ruff format --check .)

lint: $(STAMP)
	$(call stage,lint,$(BIN)/ruff check .)

tree: $(STAMP)
	@rm -rf build
	$(call stage,package tree,$(BIN)/python -m pip install -q --no-deps --no-build-isolation \
	  --target $(TREE) .)

floors: tree
	$(call stage,floors,cd $(TREE) && PYTHONPATH=. ../../$(BIN)/lint-imports --no-logo \
	  --config ../../pyproject.toml --cache-dir ../../.import_linter_cache)

types: tree
	$(call stage,types,cd $(TREE) && ../../$(BIN)/mypy --config-file ../../pyproject.toml \
	  --cache-dir ../../.mypy_cache -p robolearn)

pytest: $(STAMP)
	$(call stage,tests,$(BIN)/python -m pytest --durations=10)

# Each room installs and imports with its own extra alone. Makes a throw-away environment per room.
test-extras: $(STAMP)
	@for room in sim hardware datasets policies; do \
	  echo "==> extra [$$room]"; SECONDS=0; \
	  folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	  $(PYTHON) -m venv "$$folder"; \
	  "$$folder/bin/pip" install -q -c constraints.txt ".[$$room]"; \
	  (cd "$$folder" && bin/python $(CURDIR)/tests/architecture/import_room.py $$room); \
	  rm -rf "$$folder"; echo "==> extra [$$room]: $$SECONDS s"; \
	done

format: $(STAMP)
	$(BIN)/ruff check --fix --select I .
	$(BIN)/ruff format .

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
