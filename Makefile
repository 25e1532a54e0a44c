# Every target installs what it needs, once; `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
SOURCES := trend_assets trend_assets_tests api

.DEFAULT_GOAL := help
.PHONY: help install test coverage lint format docs dist demo pictures up bench clean system-run system-test

help:  ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | expand -t 12

# torch comes first and alone: its exact version takes the build without CUDA.
$(VENV)/.base: pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory system-run
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the packages of constraints.txt into $(VENV) …"
	@$(PIP) setuptools
	@$(PIP) torch==2.13.0
	@$(PIP) duckdb==1.5.5 duckdb-extension-ducklake==1.5.5 duckdb-extension-sqlite-scanner==1.5.5 \
		duckdb-extension-postgres-scanner==1.5.5 duckdb-extension-httpfs==1.5.5
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	@$(MAKE) --no-print-directory system-test
	@$(PIP) --no-build-isolation --editable '.[dev]'
	@touch $@

install: $(VENV)/.base  ## install what running needs into .venv

test: $(VENV)/.dev lint  ## check style and types, and run the tests
	@$(BIN)/python -m pytest -m "not soak" -n auto --dist loadfile -q

coverage: $(VENV)/.dev  ## run the tests and show which lines they never reach
	@$(BIN)/python -m pytest -m "not soak" -n auto --dist loadfile --cov=trend_assets --cov=api --cov-report=term:skip-covered -q

lint: $(VENV)/.dev  ## check style and types
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy --no-error-summary

format: $(VENV)/.dev  ## format the code
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

docs: $(VENV)/.dev  ## build the documents into build/site, with the reference made from the code
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

dist: $(VENV)/.dev  ## build the wheel and the source archive into dist/
	@rm -rf build/lib dist
	@$(BIN)/python -m build --no-isolation --outdir dist

demo: $(VENV)/.base  ## four simulated weeks, a training, a live day and its score
	@$(BIN)/trend demo --mode full

pictures: $(VENV)/.dev  ## take the pictures of the documents from the demo's pages
	@test -d data/demo/lake || $(MAKE) --no-print-directory demo
	@$(BIN)/python -m trend_assets_tests.pictures --home data/demo

up: $(VENV)/.base  ## start the dashboard with its API, and the Dagster UI with its daemon
	@$(BIN)/trend up

bench: $(VENV)/.dev  ## measure speed and memory
	@$(BIN)/python -m trend_assets_tests.benchmarks

clean:  ## remove .venv and caches; data/ stays
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian packages: libgomp is LightGBM's; PostgreSQL and Chromium are only for the tests.
system-run:
	@packages=""; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || packages="$$packages python3-venv"; \
	ldconfig -p 2>/dev/null | grep -q libgomp.so.1 || packages="$$packages libgomp1"; \
	$(install_debian)

system-test:
	@packages=""; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || packages="$$packages postgresql"; \
	command -v chromium >/dev/null || packages="$$packages chromium fonts-noto-cjk"; \
	$(install_debian)

define install_debian
test -z "$$packages" && exit 0; \
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	echo "installing Debian packages:$$packages"; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$packages >/dev/null; \
else \
	echo "please install these Debian packages, or your system's like:$$packages" >&2; exit 1; \
fi
endef
