# Every target that a person needs. Paths are relative, so a folder name may hold a space.
PYTHON ?= python3
VENV := .venv/bin
RUN_OPTIONS := $(if $(SEED),--seed "$(SEED)") $(if $(CLAIMS),--claims "$(CLAIMS)") \
	$(if $(AS_OF),--as-of "$(AS_OF)") $(if $(FILES),--files "$(FILES)")
PYTEST := $(VENV)/python -m pytest -q -n 2 --dist loadgroup --no-loadscope-reorder
SOURCES := billing resources assets sensors orchestration sandbox examples tests

.DEFAULT_GOAL := help
.PHONY: help install run up down check test test-long promises hunt mutants mutation mutation-sql bench faults fuzz clean

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

install: ## Make .venv from the machine's own Python 3.11+ (the other targets do it by themselves)
	@$(PYTHON) orchestration/bootstrap.py

run: install ## From received files to ERP documents; SEED= CLAIMS= AS_OF= or FILES=folder
	@$(VENV)/tieout run $(RUN_OPTIONS)

up: install ## Keep everything running, with Dagster's pages, until interrupted
	@$(VENV)/tieout up

down: ## Stop every server that this state folder started, the database too
	@if [ -x $(VENV)/tieout ]; then $(VENV)/tieout down; else echo "nothing to stop"; fi

check: install ## Format, lint, types, import rules, shape of the files, dbt parse without a warning
	@$(VENV)/ruff format --check $(SOURCES)
	@$(VENV)/ruff check --no-cache $(SOURCES)
	@$(VENV)/mypy billing resources assets sensors orchestration sandbox
	@$(VENV)/lint-imports --no-cache
	@$(VENV)/python -m pytest -q -p no:cacheprovider tests/shape
	@DBT_SEND_ANONYMOUS_USAGE_STATS=false $(VENV)/dbt --quiet --warn-error --no-partial-parse parse --project-dir dbt_project --profiles-dir dbt_project

test: install ## Every promise once, two groups at a time; TESTS=tests/domain for some of them
	@$(PYTEST) --durations=25 $(or $(TESTS),tests --ignore=tests/benchmarks --ignore=tests/shape)

test-long: install ## What repeats a promise: more seeds, orders, kills, installations; TESTS= for some
	@$(PYTEST) --durations=25 -m long $(or $(TESTS),tests --ignore=tests/benchmarks)

promises: install ## Write docs/why/promises.md from the markers in the tests
	@$(VENV)/python tests/promises.py

hunt: install ## Property tests with new random examples, where `make test` repeats its own
	@$(VENV)/python -m pytest -q -n 2 --dist loadfile -m hypothesis --hypothesis-profile=hunt $(TESTS)

mutants: install ## The score of the posting rules: every wrong account, side, sign and variant is seen
	@$(VENV)/python -m pytest -q -s tests/domain/test_posting_rules.py -k "mutant or variant_that"

mutation: install ## Score of the tests of cash, ledger and estimates; MUTANTS='*__mutmut_*2' for a tenth
	@$(VENV)/uv sync --frozen --inexact --quiet --group mutation
	@rm -rf mutants  # mutmut keeps its verdicts, also when a test has changed
	@TMPDIR=$(or $(TMPDIR),/tmp) $(VENV)/mutmut run $(if $(MUTANTS),"$(MUTANTS)")
	@PYTHONPATH=. $(VENV)/python tests/mutation/score.py

mutation-sql: install ## Score of the tests of posting: mutants of the ledger's SQL; MUTANTS= how many (60)
	@PYTHONPATH=. $(VENV)/python tests/mutation/run_sql.py $(or $(MUTANTS),60)

bench: install ## Measured figures, growth with the claims among them; BENCH=full, or BENCH=5000,20000
	@$(VENV)/python -m pytest -q -s tests/benchmarks

faults: install ## Posting against a misbehaving ERP, with kills and database stops; SEED= BATCHES=
	@PYTHONPATH=. $(VENV)/python tests/faults/run.py $(if $(SEED),--seed "$(SEED)") \
		$(if $(BATCHES),--batches "$(BATCHES)")

fuzz: install ## Coverage-guided fuzzing of the X12 reader; FOR=seconds (60)
	@$(VENV)/uv pip install -q --target .tieout/fuzz --python $(VENV)/python atheris==3.0.0
	@mkdir -p .tieout/fuzz-found
	@PYTHONPATH=.:.tieout/fuzz $(VENV)/python tests/fuzz/fuzz_x12.py .tieout/fuzz-found tests/fixtures/x12 \
		-max_total_time=$(or $(FOR),60) -max_len=3000 -rss_limit_mb=4000 -artifact_prefix=.tieout/

clean: down ## Stop everything, then remove .tieout and what the tools left behind
	@if [ -x $(VENV)/tieout ]; then $(VENV)/tieout clean; fi
	@rm -rf dbt_project/target dbt_project/logs .pytest_cache .mypy_cache .ruff_cache .hypothesis mutants
