# Each target sets up all that it needs from nothing: Debian 12, Python 3.11; root only for missing system packages.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# What tests need beside Python: real databases, a real browser, Chinese fonts.
SYSTEM_PACKAGES := postgresql mariadb-server-core mariadb-client-core chromium fonts-noto-cjk gettext

.PHONY: help demo desk test proof bench docs lint format reference packages clean

help:  ## say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.runtime  ## build an invented utility, load it, audit 2026-10 and say where the page is
	$(BIN)/jicha demo

desk: $(VENV)/.runtime  ## the web application on the invented utility, with one person of every role, at http://127.0.0.1:8000
	@test -e jicha-home/mart/findings || $(BIN)/jicha demo --customers 2000
	$(BIN)/jicha desk bring-in
	$(BIN)/jicha desk demo-people
	$(BIN)/jicha serve --plain-http

test: packages lint docs  ## everything that must be green: lint, types, docs and all tests but the slow proofs
	$(BIN)/pytest --verbosity=0 -n 2 -m "not proof"

proof: packages $(VENV)/.development  ## the slow proofs: 100 kills during a load, 150 hostile SQL texts, a million bills in both engines, 300 mutants
	$(BIN)/pytest --verbosity=0 -m proof

bench: packages $(VENV)/.development  ## every benchmark at a small size; the README names the full sizes
	$(BIN)/python bench/answer_key.py --customers 2000
	$(BIN)/python bench/intake.py --megabytes 100
	$(BIN)/python bench/audit.py --customers 20000 --postgres-customers 5000

docs: $(VENV)/.development  ## build the documentation into site/, offline and strict
	$(BIN)/python tools/generate_reference.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	$(BIN)/python tools/check_site.py

reference: $(VENV)/.development  ## write the generated pages of docs/reference again
	$(BIN)/python tools/generate_reference.py

lint: $(VENV)/.development  ## style, format, types and the direction of dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.development  ## correct style and format where a tool can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

packages:
	@.ci/apt-install $(SYSTEM_PACKAGES)

clean:  ## remove what the targets made, the demo's home too
	rm -rf $(VENV) site jicha-home demo-extract .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The stamps hold the time of the last install: a second call starts at once.
$(VENV)/bin/pip:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/apt-install python3-venv
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/pip
	$(BIN)/pip install --quiet -r requirements.lock
	$(BIN)/pip install --quiet --no-deps -e .
	@touch $@

$(VENV)/.development: requirements-dev.lock pyproject.toml | $(VENV)/bin/pip
	$(BIN)/pip install --quiet -r requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps -e .
	@touch $@ $(VENV)/.runtime
