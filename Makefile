# Everything that is done with this repository; `make` or `make help` lists it.

PYTHON ?= python3
BIN := .venv/bin
DEBIAN_PACKAGES := apache2 chromium dcmtk libapache2-mod-wsgi-py3 nginx nodejs npm openssl \
	orthanc orthanc-dicomweb strace
JAVASCRIPT := tests/peers/javascript

.DEFAULT_GOAL := help
.PHONY: help run dev test cov lint format openapi config-docs reliability soak bench build clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/installed ## Start the gateway and a demo PACS; Ctrl-C ends both (ARGS: more options)
	@$(BIN)/dicom-qr-gateway run --sandbox $(ARGS)

dev: .venv/installed-dev ## Install what developers need into .venv

test: .venv/installed-dev ## Run all tests with coverage (installs missing Debian packages as root)
	@.ci/test-tools $(DEBIAN_PACKAGES)
	@$(MAKE) --no-print-directory $(JAVASCRIPT)/node_modules/installed
	@$(BIN)/python -m pytest --cov

cov: .venv/installed-dev ## Run all tests and write the coverage report to htmlcov/
	@.ci/test-tools $(DEBIAN_PACKAGES)
	@$(MAKE) --no-print-directory $(JAVASCRIPT)/node_modules/installed
	@$(BIN)/python -m pytest --cov --cov-report=html

lint: .venv/installed-dev ## Check style, types and who imports whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: .venv/installed-dev ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

openapi: .venv/installed ## Write docs/openapi.json
	@$(BIN)/flask --app wsgi openapi write --format=json docs/openapi.json

config-docs: .venv/installed ## Write docs/configuration.md and docs/misbehaving.md from their tables
	@$(BIN)/dicom-qr-gateway options --markdown > docs/configuration.md
	@$(BIN)/dicom-qr-gateway sandbox --misbehave --list --markdown > docs/misbehaving.md

reliability: .venv/installed ## Measure what docs/reliability.md promises and write it (10 minutes)
	@.ci/test-tools nginx openssl
	@$(BIN)/python -m benchmarks.reliability --write

soak: .venv/installed ## Make 100,000 requests, good and bad, and write row 9L of docs/reliability.md (6 minutes)
	@$(BIN)/python -m benchmarks.reliability 9L --write

bench: .venv-bench/installed ## Measure against all that asks a PACS, write docs/performance.md (12 minutes)
	@.ci/test-tools dcmtk gcc libc6-dev orthanc
	@.venv-bench/bin/python -m benchmarks.performance --write

build: .venv/installed-dev ## Build the wheel and the source distribution into dist/
	@$(BIN)/python -m build

clean: ## Remove everything that was made here, .venv too
	@rm -rf .venv .venv-bench build dist htmlcov .coverage .coverage.* *.egg-info \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache \
		$(JAVASCRIPT)/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- The virtual environment, made again when what it installs changes --------------------------

.venv/installed: setup.cfg pyproject.toml
	@command -v $(PYTHON) >/dev/null || \
		{ echo "Python 3.11 or newer is needed, and $(PYTHON) is not installed." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, this is $$($(PYTHON) --version 2>&1);" \
			"name another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make virtual environments: apt-get install python3-venv" >&2; \
			exit 1; }
	@echo "Installing into .venv (once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "Installing what developers need into .venv (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# The bench's own, with its competitors in it: what developers need has none of them.
.venv-bench/installed: .venv/installed
	@echo "Installing the bench and its competitors into .venv-bench (once) ..."
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --editable . \
		fastapi 'uvicorn[standard]'
	@touch $@

# --- Other people's clients in JavaScript, for tests/peers; npm itself comes by .ci/test-tools ---
# Without what OHIF's extension expects around it: that would be the whole viewer.

$(JAVASCRIPT)/node_modules/installed: $(JAVASCRIPT)/package.json $(JAVASCRIPT)/package-lock.json
	@echo "Installing DICOMweb clients into $(JAVASCRIPT)/node_modules (once) ..."
	@cd $(JAVASCRIPT) && \
		npm ci --legacy-peer-deps --loglevel=error --no-audit --no-fund --ignore-scripts
	@touch $@
