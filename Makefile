# `make learn` opens the course, `make test` proves everything, `make ladder` compares.  Each makes .venv if it is missing.

PYTHON ?= python3
BIN := .venv/bin
# The rung `torch`: on Linux its wheel can bring gigabytes.  `make ladder TORCH=0` goes without.
TORCH ?= 1
ARGS ?=

.PHONY: learn ladder test lint types bench clean

learn: .venv/learn
	@$(BIN)/chainrule learn $(ARGS)

ladder: .venv/course
ifeq ($(TORCH),1)
	@$(MAKE) --no-print-directory .venv/torch || echo "PyTorch could not be installed: the rung torch will be skipped."
endif
	@$(BIN)/chainrule ladder $(ARGS)

test: .venv/dev tests/browser/node_modules lint types
	$(BIN)/python -m pytest -n 2 $(ARGS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

bench: .venv/bench
	$(BIN)/python -m benchmarks $(ARGS)

.venv/made:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'chainrule needs Python 3.11 or newer; write make PYTHON=/path/to/python')"
	$(PYTHON) -m venv .venv
	@touch $@

.venv/course: pyproject.toml | .venv/made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[course]"
	@touch $@

# the course draws graphs, too
.venv/learn: pyproject.toml | .venv/course
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[course,graph]"
	@touch $@

.venv/torch: pyproject.toml | .venv/course
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[course,torch]"
	@touch $@

.venv/dev: pyproject.toml | .venv/made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[course,graph,torch,dev]"
	@touch $@ .venv/course .venv/learn .venv/torch

.venv/bench: pyproject.toml | .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[course,graph,torch,dev,bench]"
	@touch $@

# what drives a browser in the tests of the players; without npm (or Chromium) that test is skipped, and says so
tests/browser/node_modules: tests/browser/package.json
	@command -v npm >/dev/null || echo "npm is not installed: the test in a browser will be skipped"
	@! command -v npm >/dev/null || npm install --prefix tests/browser --no-package-lock --no-audit --no-fund --silent
	@mkdir -p $@ && touch $@

clean:
	rm -rf .venv out dist build .mypy_cache .ruff_cache .pytest_cache
