# Pilothouse. `make help` lists the verbs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo sandbox test control-plane buildkit test-cluster lint format bench crash fuzz invariants coverage mutation taps picture locks schema clean

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: $(READY) ## Make the virtual environment with everything pinned

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Pilothouse needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY) ## Play the README's tour through the real bot, with everything embedded
	$(BIN)/pilothouse sandbox --script docs/tour.yaml

sandbox: $(READY) ## Start the sandbox, with its chat page at http://127.0.0.1:8080
	$(BIN)/pilothouse sandbox

test: $(READY) ## Run all tests, installing the Debian packages they need when possible
	scripts/test

control-plane: $(READY) ## Build the real Kubernetes control plane that tests run on (once, with Go)
	$(BIN)/python -m tests.control_plane build

buildkit: $(READY) ## Build the real BuildKit that tests build images with (once, with Go)
	$(BIN)/python -m tests.buildkit build

test-cluster: $(READY) ## Run what needs a real Kubernetes; KUBECONFIG=... names another one than the built one
	PILOTHOUSE_TEST_KUBECONFIG="$(if $(filter command line,$(origin KUBECONFIG)),$(abspath $(KUBECONFIG)))" \
		scripts/test -m cluster

lint: $(READY) ## Check style, types, imports between layers and the locks
	scripts/lint

format: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure what people wait for, and write docs/benchmarks.md
	$(BIN)/python -m bench

crash: $(READY) ## Kill the bot at every point of each kind of work (an hour and more); RESUME=1 goes on with the last run
	$(BIN)/python -m tests.crash --report docs/crash.md $(if $(RESUME),--resume)

fuzz: $(READY) ## Feed made-up and damaged words to all that reads the words of others (ten minutes)
	$(BIN)/python -m tests.fuzz

invariants: $(READY) ## Let people, crashes and faults do anything in any order, and hold the promises (SECONDS=600)
	$(BIN)/python -m tests.invariants $(SECONDS)

coverage: $(READY) ## Walk every branch of what keeps the keys: rights, buttons, locks, plans
	$(BIN)/python -m tests.mutation.covering

mutation: $(READY) ## Change those modules and see whether a test notices (hours); MODULES=... names some
	$(BIN)/python -m tests.mutation $(MODULES)

taps: $(READY) ## Count the taps in docs/taps.md on the chat page
	$(BIN)/python -m tests.page.taps

picture: $(READY) ## Draw the README's picture of the chat page
	$(BIN)/python -m tests.page.picture

schema: $(READY) ## Write the configuration's JSON Schema for editors
	$(BIN)/pilothouse schema > docs/config.schema.json

locks: $(READY) ## Compile the locks anew from pyproject.toml
	scripts/locks

clean: ## Remove what was made here
	rm -rf $(VENV) $(VENV)-conformance build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .mutation .coverage *.egg-info
