# One command to see it work: `make run`. Everything is installed into .venv, from lock files with hashes.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules
# Bytecode is part of a quick start; some machines switch it off.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
STAMPS := .venv/.stamps
# Programs in .venv name its folder, so after a move or a copy of the checkout it is made anew.
MOVED := $(shell [ -d $(STAMPS) ] && [ "$$(cat $(STAMPS)/place 2>/dev/null)" != "$(CURDIR)" ] && rm -rf $(STAMPS) && echo yes)
# Processes that run tests side by side.
JOBS ?= 2
PYTEST_ARGS ?=

.PHONY: help run setup test test-full check bench docs web lock clean

help: ## Show this list
	@echo "Anomaly Detection Platform"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

run: $(STAMPS)/base ## Set everything up, find the anomalies of a real series, start the platform
	@scripts/build_dashboard.sh
	@scripts/run.sh $(if $(PORT),--port $(PORT))

setup: $(STAMPS)/dev ## Set up .venv for development (tests, checks, docs)

test: $(STAMPS)/dev ## Run every test, with a real PostgreSQL and a real browser
	@scripts/install_system_packages.sh
	@scripts/build_dashboard.sh --required
	@echo "Dashboard: tests"
	@cd web && npm test --silent
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(PYTEST_ARGS)

test-full: export ANOMALY_DETECTION_TEST_FULL = 1
test-full: test ## Run every test with the long counts

check: $(STAMPS)/dev ## Lint, format, types, imports between rooms, architecture tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n $(JOBS) tests/architecture
	@if command -v npm >/dev/null && [ -d web/node_modules/typescript ]; then \
	    echo "Dashboard: types and lint"; cd web && npm run check --silent; \
	else \
	    echo "Dashboard: not checked, its packages are not installed (make web)."; \
	fi

bench: $(STAMPS)/bench ## Measure speed; prints a table, writes benchmarks/results
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

docs: $(STAMPS)/dev ## Build the documentation into site/ (a warning fails)
	$(BIN)/python scripts/generate_docs.py
	$(BIN)/zensical build --strict --clean

web: ## Build the dashboard
	@scripts/build_dashboard.sh --required

lock: $(STAMPS)/bootstrap ## Write the lock files anew from pyproject.toml
	scripts/lock.sh

clean: ## Remove what was built or installed here (not data/)
	rm -rf .venv build dist site docs/reference/generated web/node_modules \
	    src/anomaly_detection/presentation/web/static .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results

$(STAMPS)/bootstrap: requirements-bootstrap.lock
	@[ -x $(BIN)/python ] && [ -z "$(MOVED)" ] || { \
	    python=$$(scripts/find_python.sh); echo "Making .venv with $$python"; "$$python" -m venv --clear .venv; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock
	@mkdir -p $(STAMPS) && printf '%s' "$(CURDIR)" > $(STAMPS)/place && touch $@

$(STAMPS)/base: $(STAMPS)/bootstrap requirements.lock pyproject.toml
	@echo "Installing the platform into .venv (once; some minutes on a slow line)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(STAMPS)/dev: $(STAMPS)/base requirements-dev.lock
	@echo "Installing what tests, checks and docs need"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements-dev.lock
	@touch $@

$(STAMPS)/bench: $(STAMPS)/dev requirements-bench.lock
	@echo "Compiling what only the benchmarks compare with (once; some minutes)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-bench.lock \
	    || echo "isotree could not be compiled here; the benchmarks leave it out."
	@touch $@
