# The commands of this repository. Every target does its own set-up: a fresh clone needs only Python, git and make,
# and for `e2e` and `tools` also Go.

PYTHON ?= python3
BIN    := .venv/bin
# Newer than pyproject.toml: then the environment is up to date with that file.
READY  := .venv/.ready
# Empty it (make test XDIST=) to debug in one process.
XDIST  ?= -n auto --dist worksteal

# If the image of a CI sets it, each of the many processes that tests start compiles all modules again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
MAKEFLAGS     += --no-print-directory

.PHONY: help
help: ## list the targets
	@echo 'make TARGET, with one of:'
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: $(READY) ## show what krm-otel changes in examples/quickstart
	@echo 'examples/quickstart is a ClassRuntime with an observability block, and its workloads.'
	@echo 'This is all that krm-otel would change there (nothing is written):'
	@echo
	@# Exit code 1 means differences, but also a crash of Python. Only differences print something.
	@diff=$$($(BIN)/krm-otel diff examples/quickstart --color always); code=$$?; \
	printf '%s\n' "$$diff"; \
	if [ $$code -eq 1 ] && [ -n "$$diff" ]; then exit 0; fi; \
	echo "demo: expected differences, got exit $$code" >&2; exit 1

.PHONY: test
test: $(READY) ## run the tests that need no other tools (XDIST= for one process)
	@$(BIN)/pytest tests --ignore=tests/tools --ignore=tests/cluster $(XDIST)
	@cd dataplane && ../$(BIN)/pytest $(XDIST)

.PHONY: test-fast
test-fast: $(READY) ## run the tests that start no process and try no random input (under a minute)
	@$(BIN)/pytest tests/cases tests/unit tests/docs -m 'not slow' $(XDIST)

.PHONY: check check-lint check-format check-types check-layers check-house check-docs
check: check-lint check-format check-types check-layers check-house check-docs ## check lint, formatting, types, layers, sizes, generated docs

check-lint: $(READY)
	@$(BIN)/ruff check .

check-format: $(READY)
	@$(BIN)/ruff format --check .

check-types: $(READY)
	@$(BIN)/mypy krm_otel tests tools $(wildcard bench)
	@cd dataplane && ../$(BIN)/mypy oaas_dataplane tests

check-layers: $(READY)
	@$(BIN)/lint-imports
	@cd dataplane && ../$(BIN)/lint-imports

check-house: $(READY)
	@$(BIN)/pytest tests/unit/test_house.py

check-docs: $(READY)
	@$(BIN)/python -m tools.docs --check

.PHONY: fmt
fmt: $(READY) ## format the code and apply safe fixes
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: e2e
e2e: $(READY) tools images ## run the tests with real clients
	@$(BIN)/pytest tests/tools $(XDIST)
	@$(BIN)/pytest tests/cluster

.PHONY: tools
tools: ## build or find the pinned tools that e2e needs (once, in the user's cache)
	@$(PYTHON) tools/build.py

.PHONY: images
images: tools ## build the container images with podman, without a registry (root on Debian)
	@$(PYTHON) -m tools.containers build

.PHONY: schemas
schemas: $(READY) ## write schemas/, for editors
	@mkdir -p schemas; for name in observability class-runtime fn-config; do \
	  $(BIN)/krm-otel schema $$name > schemas/$$name.json || exit 1; done

.PHONY: docs
docs: $(READY) ## write the generated parts of the documentation
	@$(BIN)/python -m tools.docs

.PHONY: changelog
changelog: $(READY) ## move the fragments of changes/ into CHANGELOG.md, under the version of the package
	@$(BIN)/towncrier build --yes --version "$$($(BIN)/python -c 'import krm_otel; print(krm_otel.__version__)')"

.PHONY: golden
golden: $(READY) ## rewrite expected output; fails on purpose: read the diff, then run the tests
	@$(BIN)/pytest tests/cases tests/unit/collector/monitoring/test_dashboards.py --update-golden

.PHONY: cluster-up
cluster-up: ## start a real Kubernetes of one node with Knative Serving (root, Debian)
	@$(PYTHON) tools/build.py
	@$(PYTHON) -m tools.cluster knative

.PHONY: cluster-down
cluster-down: ## end it and remove everything of it
	@$(PYTHON) -m tools.cluster down

.PHONY: demo-e2e
demo-e2e: $(READY) ## run the data plane on that cluster, injected, and print the trace of a request (root, Debian)
	@$(PYTHON) tools/build.py
	@$(BIN)/python -c 'from tools.containers.podman import build_dataplane; build_dataplane()'
	@$(BIN)/python -m tools.demo

.PHONY: bench
bench: $(READY) ## measure speed and memory, and write docs/performance.md (a quarter of an hour)
	@$(BIN)/python -m bench.run

.PHONY: instructions check-instructions
instructions: $(READY) ## count the instructions of a few runs anew, in bench/instructions.json (valgrind)
	@$(BIN)/python -m bench.instructions --renew
	@$(BIN)/python -m tools.docs

check-instructions: $(READY) ## fail where a run takes more of them than committed (valgrind; root installs it)
	@$(BIN)/python -m bench.instructions

.PHONY: bench-collectors
bench-collectors: $(READY) ## measure generated collectors and one tuned by hand (root)
	@$(BIN)/python -m bench.collectors

.PHONY: bench-telemetry
bench-telemetry: $(READY) ## measure what telemetry adds to a request, also with a fault (needs tools)
	@$(BIN)/python -m bench.telemetry

.PHONY: setup
setup: $(READY) ## create .venv with everything for development

$(READY): pyproject.toml dataplane/pyproject.toml
	@echo 'setting up .venv (once; about half a minute) ...'
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("krm-otel needs Python 3.11 or newer; choose one with make PYTHON=...")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' --editable './dataplane[otel]'
	@touch $@

.PHONY: clean
clean: ## remove what make created here (not the tools in the user's cache)
	@rm -rf .venv build dist
	@cd dataplane && rm -rf build dist
	@rm -rf $(foreach tool,mypy pytest ruff import_linter,.$(tool)_cache dataplane/.$(tool)_cache) .hypothesis dataplane/.hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
