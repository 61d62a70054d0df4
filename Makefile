# `make help` lists the commands. They work on a fresh clone: what they need is installed into .venv.
# Another interpreter: make PYTHON=python3.12 …

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH_VENV := .venv-bench
INSTALLED_FROM := setup.py pyproject.toml MANIFEST.in keras_prov/_version.py $(wildcard build_support/*.py)
TYPED := $(wildcard keras_prov dfanalyzer_client benchmarks build_support tools)
KERNEL := dfanalyzer_client/private_server/_kernel
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
PYTEST_ARGS ?=
KERAS_TESTS_ARGS ?=
BENCH_ARGS ?=

# $(call install,extra,venv): the package itself, editable, and what the extra names.
define install
$(or $(2),$(VENV))/bin/python -m pip install --disable-pip-version-check --editable '.[$(1)]'
@ls $(KERNEL)/lib*.so* >/dev/null 2>&1 || echo 'warning: MonetDB'"'"'s kernel was not taken in,' \
    'so there is no private server here: see docs/how-to/install.md' >&2
endef

# A comma, for the arguments of `call`.
, := ,

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help graph demo test test-thorough test-exhaustive test-all test-keras test-keras-full record-keras backends lint types docs pictures screenshots bench bench-more dist clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Train a small network and ask the database about it
	TF_CPP_MIN_LOG_LEVEL=2 $(BIN)/python -m keras_prov.demo

test: lint types ## Check style and types, then run the tests: some minutes
	$(PYTEST) -m "not thorough" $(PYTEST_ARGS)

test-thorough: $(VENV)/.dev ## Run the tests that take long: packaging, kills, backends, benchmarks
	$(PYTEST) -m "thorough and not exhaustive" $(PYTEST_ARGS)

test-exhaustive: $(VENV)/.dev ## Run the tests that only a release has to pass: many kills, all wheels
	$(PYTEST) -m exhaustive $(PYTEST_ARGS)
	$(PYTEST) --kills 200 tests/delivery/test_kill_training.py $(PYTEST_ARGS)

test-all: test test-thorough test-exhaustive test-keras ## Run all tests, and Keras' own: an hour or two

test-keras: $(VENV)/.keras ## Run Keras' own tests captured, and compare with plain Keras: some minutes
	$(BIN)/python -m tools.keras_tests check $(KERAS_TESTS_ARGS)

test-keras-full: $(VENV)/.keras ## The same with all of Keras' tests: an hour or two
	$(BIN)/python -m tools.keras_tests check --full $(KERAS_TESTS_ARGS)

record-keras: $(VENV)/.keras ## Record what Keras' tests come to without us, for another Keras version
	$(BIN)/python -m tools.keras_tests record $(KERAS_TESTS_ARGS)

backends: $(VENV)/.keras ## Install JAX and PyTorch, for the tests that need them

lint: $(VENV)/.dev ## Check style and layout of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

graph: $(VENV)/.dev ## Print the import graph, layer by layer
	$(BIN)/python -m tools.import_graph

types: $(VENV)/.dev ## Check the types
	$(BIN)/mypy $(TYPED)

docs: $(VENV)/.dev ## Build the site into site/, and check its links; needs no network once installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@echo 'Read it: $(BIN)/python -m http.server --directory site'

pictures: ## Draw the pictures of the documentation again, with Graphviz
	for picture in docs/pictures/*.dot; do dot -Tsvg "$$picture" -o "$${picture%.dot}.svg"; done

screenshots: $(VENV)/.dev ## Take the pictures of the viewer again, with chromium
	$(BIN)/python -m tools.screenshots

bench: $(BENCH_VENV)/.peers ## Measure what we claim, and write benchmarks/report/: an hour
	$(BENCH_VENV)/bin/python -m benchmarks $(BENCH_ARGS)

bench-more: $(VENV)/.demo ## Measure imports, patches, delivery and the service as well
	$(BIN)/python -m benchmarks.more

dist: $(VENV)/.dev ## Build the wheels and the source archive into dist/
	$(BIN)/python -m build_support dist

clean: ## Remove everything that these commands have made
	rm -rf $(VENV) $(BENCH_VENV) build dist site *.egg-info $(KERNEL) .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python $(BENCH_VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo 'error: there is no $(PYTHON); name one: make PYTHON=…' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	    echo "error: Keras-Prov needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is $$($(PYTHON) --version 2>&1);" \
	        'name another one: make PYTHON=python3.12 …' >&2; exit 1; }
	$(PYTHON) -m venv $(@:/bin/python=)

$(VENV)/.demo: $(INSTALLED_FROM) | $(BIN)/python
	$(call install,demo$(,)view)
	@touch $@

# The extra `dev` includes `demo`.
$(VENV)/.dev: $(INSTALLED_FROM) | $(BIN)/python
	$(call install,dev)
	@touch $@ $(VENV)/.demo

# Beside `dev`, so that its own tests' needs are there, too.
$(VENV)/.keras: $(VENV)/.dev
	$(call install,keras-tests)
	@touch $@

# In an environment of its own: what the other tools need would change versions that the tests need.
$(BENCH_VENV)/.peers: $(INSTALLED_FROM) | $(BENCH_VENV)/bin/python
	$(call install,bench$(,)peers,$(BENCH_VENV))
	@touch $@
