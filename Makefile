# Needs git, make and Python 3.11 or newer; everything else is put into .venv.

PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# What the build hook brings into the tree when it runs.
BUILD := pyproject.toml hatch_build.py $(wildcard hub/web/frontend/package*.json)

.PHONY: help run test coverage check browser bench format clean
.DEFAULT_GOAL := help

help: ## Say what there is
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/' | expand -t 16

# What is installed for development has all that running needs.
run: $(if $(wildcard .venv/.dev),.venv/.dev,.venv/.run) ## Start the network on this machine (PORT=8000, SCALE=1)
	@exec $(BIN)/hub up $(if $(PORT),--port $(PORT)) $(if $(SCALE),--scale $(SCALE))

test: check browser ## Check and test everything
	$(BIN)/python -m pytest -n 3 --dist loadfile
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/faults
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/browser

coverage: .venv/.dev ## Say which lines no test reaches; fails below 95 %
	$(BIN)/python -m pytest -n 3 --dist loadfile --cov --cov-report=term

check: .venv/.dev ## Formatter, linter, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev ## Put the source into its usual form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.dev ## Measure (ONLY=tenancy for one group)
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

# A browser for the tests: the system's, or Debian's package where we may install it, or else Playwright's.
browser: .venv/.dev
	@if found=$$(command -v chromium-headless-shell || command -v chromium || command -v chromium-browser); then \
		echo "Browser tests use $$found"; \
	elif [ "$$(id -u)" = 0 ] && grep -qs '^ID=debian' /etc/os-release; then \
		echo "No Chromium here: installing Debian's package"; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends chromium-headless-shell; \
	else \
		echo "No Chromium here: getting Playwright's"; \
		$(BIN)/playwright install --only-shell chromium; \
	fi

clean: ## Remove .venv and the caches; the network's data stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.venv/.made:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed; found: $$(python3 --version 2>&1)"; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { echo "On Debian and Ubuntu, venv is a package: apt-get install python3-venv"; exit 1; }
	@touch $@

.venv/.run-requirements .venv/.dev-requirements: .venv/.%-requirements: requirements/%.txt .venv/.made
	@echo "Installing $$(grep -c '^[a-z].*==' $<) packages, once: about a minute"
	@$(PIP) --require-hashes -r $<
	@touch $@

.venv/.run .venv/.dev: .venv/.%: .venv/.%-requirements $(BUILD)
	@echo "Building the browser's assets"
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
