# Sets up, runs and checks Hustings. Needs Python 3.11 to 3.13, make and git; everything else is installed into .venv.
# The machine's own pip and npm configuration is used as it is.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

PORT ?= 8000
DATA ?= data
# The first Python that is new enough and can make a virtual environment; `make setup PYTHON=/path` chooses another.
PYTHON ?= $(shell tools/find-python)

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
STAMPS := .venv/stamps
SITE := src/hustings/edge/site
WEB_SOURCES := $(shell find web \( -name node_modules -o -name coverage -o -name dist \) -prune -o -type f -print 2>/dev/null)
WEB_PACKAGES := $(wildcard web/package.json web/package-lock.json)
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix web --no-audit --no-fund --no-update-notifier

.PHONY: help setup run test test-values test-doors test-states test-pages bench lint check-web lock docs reference dev clean

help:  ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMPS)/package $(STAMPS)/site  ## install what running needs; leaves .venv/bin/hustings
	@echo "Ready: $(BIN)/hustings --help"

run: setup  ## serve http://localhost:8000 with a sample conversation (PORT=9000 moves it)
	@exec $(BIN)/hustings serve --sample --data "$(DATA)" --port "$(PORT)"

test: dev  ## install what tests need, lint, check the pages, run all tests
	@tools/debian-packages
	@$(MAKE) --no-print-directory scoring lint check-web
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-states test-pages test-values test-doors
	$(BIN)/pytest tests/wire tests/system --ignore=tests/system/gallery $(DOORS:%=--ignore=%)

# These measure no time and no sound, so they may share the machine.
DOORS := $(addprefix tests/wire/,control ops sample shell edge/test_agent.py edge/test_bodies.py edge/test_counts.py \
	edge/test_fleet.py edge/test_https.py edge/test_listening.py edge/test_pages.py edge/test_plans.py edge/test_proxy.py)
test-values: dev
	$(BIN)/pytest -q tests/structure tests/unit
test-doors: dev
	$(BIN)/pytest -q $(DOORS)
test-states: dev
	$(BIN)/pytest -q tests/system/gallery/test_gallery.py
test-pages: dev
	$(BIN)/pytest -q tests/system/gallery --ignore=tests/system/gallery/test_gallery.py

lint: dev  ## ruff, mypy
	$(BIN)/ruff check src tests bench tools
	$(BIN)/ruff format --check src tests bench tools
	$(BIN)/mypy

check-web: $(STAMPS)/node_modules  ## type-check and unit-test the pages
	@if [ -f web/package.json ]; then $(NPM) run check && $(NPM) test; fi

bench: dev  ## print the figures of the README
	@tools/debian-packages
	@$(MAKE) --no-print-directory scoring
	$(BIN)/python -m bench

dev: setup $(STAMPS)/dev  ## install what tests and linters need beside that

lock: dev  ## choose newer versions and write requirements/*.txt
	tools/lock $(BIN)/uv

docs: dev  ## build docs/ into pages, dist/docs; a link that leads nowhere fails
	$(BIN)/zensical build --strict --clean

reference: setup  ## write docs/reference from the code
	$(BIN)/python tools/write_reference.py

clean:  ## remove everything installed and built; the data folder stays
	rm -rf .venv web/node_modules $(SITE)

# --- stamps: a second run starts in seconds ---

.PHONY: scoring
scoring: $(STAMPS)/scoring

$(BIN)/python:
	@tools/find-python >/dev/null || { tools/find-python --explain >&2; exit 1; }
	$(PYTHON) -m venv .venv

$(STAMPS)/run: requirements/run.txt | $(BIN)/python
	@mkdir -p $(STAMPS)
	$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/run.txt
	@tools/link-node $(BIN)
	@touch $@

$(STAMPS)/package: pyproject.toml $(STAMPS)/run
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src/hustings  # a stage that was killed reads it a quarter of a second sooner
	@touch $@

$(STAMPS)/dev: requirements/dev.txt $(STAMPS)/run
	$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/dev.txt
	@touch $@

$(STAMPS)/scoring: requirements/score.txt $(STAMPS)/dev
	@if $(PIP) install --quiet --require-hashes --no-deps --no-build-isolation -r requirements/score.txt; then touch $@; \
	elif [ "$${CI:-}" = true ]; then exit 1; \
	else echo "missing: a C compiler and Python's headers, to build pesq; tests that score speech will be skipped" >&2; fi

$(STAMPS)/node_modules: $(WEB_PACKAGES) $(STAMPS)/run
	@if [ -f web/package-lock.json ]; then $(NPM) ci --loglevel=error; fi
	@touch $@

$(STAMPS)/site: $(WEB_SOURCES) $(STAMPS)/node_modules
	@if [ -f web/package.json ]; then $(NPM) run build --silent; fi
	@touch $@
