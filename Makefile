# sciopt: each command sets up .venv first where that is needed (see scripts/setup.sh).
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-all lint notebooks docs bench clean
JOBS ?= 2
PYTEST = .venv/bin/python -m pytest -n $(JOBS) --dist loadfile

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '%-16s %s\n' "$$name" "$$text"; done
	@echo '  PYTHON=... names the Python (3.10 to 3.12); UV= installs with pip where uv is there too.'

setup: ## make .venv with all that is needed
	@sh scripts/setup.sh

demo: setup ## design a ligand from benzene, then a plan: no key, no network, some minutes
	@.venv/bin/sciopt demo

test: setup ## run the tests but for the slow ones, in two processes; JOBS=0 in one
	$(PYTEST) -m "not slow"

test-slow: setup ## run the slow tests
	$(PYTEST) -m slow

test-all: setup ## run all tests
	$(PYTEST)

lint: setup ## ruff and mypy
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

notebooks: setup ## run the notebooks from top to bottom into build/notebooks, some minutes
	rm -rf build/notebooks && mkdir -p build/notebooks && cp notebooks/*.ipynb notebooks/*.py build/notebooks
	OMP_NUM_THREADS=1 $(PYTEST) --nbmake --overwrite --nbmake-timeout=1800 build/notebooks

docs: setup ## build the documents into build/docs, warnings as errors
	.venv/bin/python -m sphinx -W --keep-going -E -q -b html docs build/docs

bench: setup ## print how long it takes to start, and whether ligands are prepared as dockstring does
	.venv/bin/python benchmarks/startup.py
	.venv/bin/python benchmarks/preparation.py

clean: ## remove .venv and what tools left behind; runs are kept
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
