# One way to do each thing. `make` lists the targets.

# What `make python` has found, or else what the machine calls python3.
PYTHON ?= $(shell cat .tools/python 2>/dev/null || echo python3)
PYTHON_VERSIONS := $(shell sed -n 's/^requires-python = "\(.*\)"/\1/p' pyproject.toml)
UV_VERSION := 0.13.9
# Its bounds do not go with requirements.lock.
CHECKOV_VERSION := 3.3.30
UV := .tools/uv/bin/uv
BIN := .venv/bin
# uv installs exactly the versions and hashes of the lock file; from its cache alone if that has everything.
UV_INSTALL := VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip install --constraint requirements.lock
install = $(UV_INSTALL) --editable . $(1) --offline --quiet 2>/dev/null || $(UV_INSTALL) --editable . $(1)
# A command that reads no .env gets it as our settings read it: a shell takes the `ethereum` of `bitcoin, ethereum` for a command.
# Looked for when a recipe begins: `setup` may have written it just before.
WITH_ENV = $(if $(shell test -f .env && echo yes),$(CURDIR)/$(BIN)/dotenv --file $(CURDIR)/.env run --no-override --)

# Groups of tests (tests/conftest.py), each with servers of its own.
SIDE_BY_SIDE := --numprocesses 4 --dist loadgroup --no-loadscope-reorder

# Where Python shall not keep what it compiles beside the sources, it keeps it here: dbt alone compiles for four seconds
# each time that it starts.
ifdef PYTHONDONTWRITEBYTECODE
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/.tools/pycache
endif

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev add demo dashboard screenshot up down status top build airflow test test-unit test-long lint lint-aws lint-sql lint-dbt format docs \
    bench-build bench-dashboard bench-freshness bench-landing bench-sustained bench-year chaos superset lock python clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

demo: setup ## Run the whole path once on a simulated market, show the tables, stop everything
	@$(BIN)/coinloom demo $(ARGS)

dashboard: setup ## Look at the marts in a browser, on http://127.0.0.1:8050 (servers must be up; `make up` has it, too)
	@$(BIN)/coinloom dashboard $(ARGS)

# Taken two minutes after POLL_INTERVAL_SECONDS=0.4 make up ARGS="--simulate --hours 3 --speed 150 --target postgres".
screenshot: setup-dev ## Take the README's picture of the dashboard that runs
	@$(BIN)/python -m tests.dashboard.screenshot docs/images/dashboard.png

up: setup ## Keep the pipeline running in the background (ARGS="--simulate" for a simulated market)
	@$(BIN)/coinloom up $(ARGS)

down: ## Stop the pipeline
	@$(BIN)/coinloom down

status: ## Show what runs and how fresh the marts are
	@$(BIN)/coinloom status $(ARGS)

top: ## Follow the movers, the largest coins and the health of each stage in the terminal (q ends it)
	@$(BIN)/coinloom top $(ARGS)

build: ## Build the models once and publish the marts (servers must be up)
	@$(BIN)/coinloom build --publish $(ARGS)

airflow: setup-dev ## Run Airflow with the DAGs on http://127.0.0.1:8080 (Ctrl-C stops it)
	@$(WITH_ENV) airflow/standalone.sh

test: setup-dev ## Run all tests, on the real embedded stack, on two cores (16 to 20 minutes)
	@$(BIN)/pytest $(SIDE_BY_SIDE) $(ARGS)

test-long: setup-dev ## Repeat proofs with more examples, seeds and kills (hours; WAREHOUSE_SEED, WAREHOUSE_EXAMPLES, WAREHOUSE_BUILDS)
	@$(BIN)/pytest --long -m long $(ARGS)

test-unit: setup-dev ## Run the tests that need no server
	@$(BIN)/pytest $(SIDE_BY_SIDE) tests/unit $(ARGS)

lint: setup-dev lint-sql lint-dbt ## Check Python, its imports, SQL and the dbt project (ruff, mypy, import-linter, sqlfluff, lint-dbt)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

lint-sql: setup-dev
	@cd dbt_project && ../$(BIN)/sqlfluff lint models tests
	@cd dbt_project && ../$(BIN)/python -m stack.with_postgres ../$(BIN)/sqlfluff lint models tests --config .sqlfluff-postgres

lint-dbt: setup-dev ## Check that the dbt project is described and tested (dbt-score, dbt-bouncer, dbt-coverage)
	@$(BIN)/python -m dbt_lint

lint-aws: setup-dev ## Check the template for AWS (cfn-lint, which the unit tests run, too, and checkov, in an environment of its own)
	@$(BIN)/cfn-lint deploy/aws/template.yaml
	@$(BIN)/python -m tests.deploy.expanded >.tools/aws-template.json
	@$(UV) tool run --python $(BIN)/python checkov==$(CHECKOV_VERSION) --file .tools/aws-template.json --framework cloudformation \
	    --skip-download --compact --quiet

format: setup-dev ## Format Python and SQL
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .
	@cd dbt_project && ../$(BIN)/sqlfluff fix models tests

docs: ## Serve the dbt documentation on http://127.0.0.1:8081 (servers must be up)
	@cd dbt_project && $(WITH_ENV) ../$(BIN)/dbt docs generate $(ARGS) && $(WITH_ENV) ../$(BIN)/dbt docs serve --host 127.0.0.1 --port 8081

superset: .venv/.installed ## Zip the starting set for Apache Superset into coinloom-superset.zip (see docs/bi.md)
	@$(BIN)/python -m zipfile -c coinloom-superset.zip bi/superset
	@echo "Wrote coinloom-superset.zip. In Superset: Dashboards, Import dashboards."

bench-build: setup-dev ## Measure what builds cost, into benchmarks/README.md (an hour or more; see there)
	@$(BIN)/python -m benchmarks.build $(ARGS)

bench-dashboard: setup-dev ## Measure how soon a page of the dashboard is there, into benchmarks/README.md (15 minutes)
	@$(BIN)/python -m benchmarks.dashboard $(ARGS)

bench-freshness: setup-dev ## Measure how old prices are when the marts show them, into benchmarks/README.md (an hour)
	@$(BIN)/python -m benchmarks.freshness $(ARGS)

bench-landing: setup-dev ## Measure how fast a full topic is landed, into benchmarks/README.md (15 minutes)
	@$(BIN)/python -m benchmarks.landing $(ARGS)

bench-sustained: setup-dev ## Measure 10,000 prices a second on the whole stack, into benchmarks/README.md (40 minutes)
	@$(BIN)/python -m benchmarks.sustained $(ARGS)

bench-year: setup-dev ## Measure what a year of small files costs, before and after compaction, into benchmarks/README.md (hours)
	@$(BIN)/python -m benchmarks.year $(ARGS)

chaos: setup-dev ## Kill parts of a running pipeline at random and prove that nothing is lost (ARGS="--kills 100")
	@$(BIN)/python -m chaos $(ARGS)

lock: $(UV) ## Resolve requirements.lock anew from pyproject.toml
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	    --no-header --group dev --group airflow pyproject.toml --output-file requirements.lock --upgrade

add: .venv/.installed ## Add packages to the environment, which has no pip (PACKAGES="botocore"; the lock's version of what it has)
	@$(UV_INSTALL) $(or $(PACKAGES:%='%'),$(error Say which packages: make add PACKAGES="botocore"))

python: FOR_UV := --for-uv
python: export UV_PYTHON_INSTALL_DIR := $(CURDIR)/.tools/pythons
python: $(UV) ## On a machine with another Python: find one that fits, or have uv fetch it, for all other targets
	@$(UV) python find --system '$(PYTHON_VERSIONS)' >.tools/python 2>/dev/null \
	    || { $(UV) python install 3.11 && $(UV) python find --managed-python 3.11 >.tools/python; } \
	    || { rm -f .tools/python; exit 1; }
	@echo "Coinloom's Python is $$(cat .tools/python) from now on."

clean: ## Remove the environment and the data of the embedded stack
	@if [ -x $(BIN)/coinloom ]; then $(BIN)/coinloom down; fi
	@rm -rf .venv .tools .coinloom

setup: .venv/.installed
	@$(BIN)/coinloom setup

setup-dev: .venv/.installed-dev
	@$(BIN)/coinloom setup

.venv/.installed: $(UV) pyproject.toml requirements.lock
	@stack/check-prerequisites.sh $(PYTHON)
	@$(PYTHON) -m venv --without-pip .venv
	@echo "Installing Coinloom into .venv ..."
	@$(call install,)
	@touch $@

.venv/.installed-dev: .venv/.installed
	@echo "Installing the development tools and Airflow into .venv ..."
	@$(call install,--group dev --group airflow)
	@touch $@

$(UV):
	@stack/check-prerequisites.sh $(PYTHON) $(FOR_UV)
	@$(PYTHON) -m venv .tools/uv
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
