# One virtual environment for everything; `make` alone lists what there is to do.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt
NEEDED := pyproject.toml constraints.txt
# Number of processes that run tests. All tests of a file run in one of them, which has servers of
# its own; tests/support/selection.py puts the files that take longest first.
JOBS ?= 2
PARALLEL := -n $(JOBS) --dist loadfile --no-loadscope-reorder
FAST := not (studio or browser or kill or postgres or heavy or slow)
# One thread a process: the processes share the cores already. Children start from compiled files.
THREADS := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo demo-spans demo-sets test test-fast coverage histories fuzz test-matrix docs notebooks check format bench bench-speed bench-quality bench-spans bench-human-cost clean

help:  ## List the commands
	@awk 'BEGIN {FS = ":.*##"} /^[a-z-]+:.*##/ {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo  ## Watch the whole loop on real tweets (sets itself up)
	@$(BIN)/labeling demo

demo-spans: $(VENV)/.demo  ## Watch it mark the parts of real addresses (sets itself up)
	@$(BIN)/labeling demo spans

demo-sets: $(VENV)/.demo  ## Watch it find the subjects of descriptions, several each (sets itself up)
	@$(BIN)/labeling demo sets

test: check  ## Run all checks and tests (sets itself up)
	@echo "Running the tests ..."
	@$(THREADS) $(BIN)/python -m pytest $(PARALLEL)

coverage: $(VENV)/.dev  ## Run the tests of test-fast and check how much of the code they run (twice as long)
	@$(THREADS) $(BIN)/python -m pytest $(PARALLEL) -m "$(FAST)" --cov --cov-report=term

test-fast: $(VENV)/.dev  ## Run the tests without servers, browser, kills and heavy extras (minutes)
	@$(THREADS) $(BIN)/python -m pytest $(PARALLEL) -m "$(FAST)"

histories: $(VENV)/.dev  ## Try the invariants of the annotation loop on random histories (N=10000; minutes a thousand)
	@HISTORIES=$(or $(N),10000) $(THREADS) $(BIN)/python -m pytest -n 0 -q -p no:logging tests/project/test_invariants.py

fuzz: $(VENV)/.dev  ## Try random labeling functions: columns against a plain loop (N=1000000 cases, minutes; START=seed)
	@$(THREADS) $(BIN)/python -m tests.engine.fuzz --cases $(or $(N),1000000) $(if $(START),--start $(START))

docs: $(VENV)/.dev  ## Write docs/api.md and docs/config.md from the code
	@$(BIN)/python docs/reference.py

notebooks: $(VENV)/.dev  ## Run the notebooks and write their outputs (minutes)
	@$(THREADS) $(BIN)/python -m tests.support.notebooks

test-matrix:  ## Run the fast tests on every Python found, newest and oldest packages (PYTHONS="3.12 3.13" SETS=newest)
	@$(PYTHON) tests/matrix.py --pythons "$(PYTHONS)" --sets "$(SETS)"

check: $(VENV)/.dev  ## Check formatting, lint, types and the rooms' walls
	@echo "Checking formatting, lint, types and imports ..."
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev  ## Format the code and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.dev  ## Measure speed against peers and the floor, as ratios in one run
	@$(PIP) "wordfreq>=3.1"
	@$(BIN)/python -m pytest tests/benchmarks --no-header -q -s

FURTHER_SPEED := $(patsubst %,tests/benchmarks/test_%_speed.py,keyword incremental distributed workbench part_workbench export diff)
bench-speed: $(VENV)/.dev  ## Measure how fast labeling functions are applied (SPEED_BIG=1: ten million rows, too)
	@$(PIP) "wordfreq>=3.1"
	@$(THREADS) $(BIN)/python -m pytest tests/benchmarks/test_engine_speed.py $(wildcard $(FURTHER_SPEED)) --no-header -q -s -n 0

bench-quality: $(VENV)/.dev  ## Score all label models and their peers on real votes (SETS=a,b MODELS=... PARTS=...)
	@$(BIN)/python -m tests.benchmarks.quality --sets "$(SETS)" --models "$(MODELS)" --parts "$(PARTS)"

bench-spans: $(VENV)/.dev  ## Score the models of spans on real votes, with little gold, people and a tagger (PARTS="functions gold")
	@$(THREADS) $(BIN)/python -W ignore -m tests.benchmarks.span_quality $(PARTS)

bench-human-cost: $(VENV)/.dev  ## Replay people's votes: what queries and votes buy (ARGS="--quick --sets sms,tweets")
	@$(THREADS) $(BIN)/python -W ignore -m tests.benchmarks.human_cost $(ARGS)

clean:  ## Remove the virtual environment and everything that is made
	@rm -rf $(VENV) .cache out build *.egg-info .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: give its path as PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, and $(PYTHON) is older: give another as PYTHON=..."; exit 1; }
	@echo "Making a virtual environment in $(VENV) with $(PYTHON) ..."
	@$(PYTHON) -m venv $(VENV)

# The tests' environment has all that the demo needs: where it is there, nothing more is installed.
$(VENV)/.demo: $(NEEDED) | $(BIN)/python
	@echo "Installing what the demo needs (once, about a minute) ..."
	@$(PIP) -e ".[demo,spans]"
	@touch $@

$(VENV)/.dev: $(NEEDED) | $(BIN)/python
	@echo "Installing what the tests need (once, a few minutes) ..."
	@$(PIP) -e ".[dev]"
	@touch $@ $(VENV)/.demo
