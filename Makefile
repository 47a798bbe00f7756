# What a developer runs. Needs Python 3.11 or newer and make; everything else is set up on first use.

SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
RUN := .venv/bin/python
ENV ?=
PDF ?=
COUNT ?=
RUNTIME ?=
FOLLOW ?=
FUNCTION ?=
EMAIL ?=

.PHONY: help
help: ## Show this list
	@echo "Learning App: make TARGET"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  .env.example lists the settings; the local stack's addresses are in .local/stack.json."

.PHONY: environments
environments:
	@$(PYTHON) scripts/bootstrap.py

.PHONY: demo
demo: up ## Run the main job on a PDF: make demo [PDF=path] [COUNT=20]
	@$(RUN) -m scripts.demo $(if $(PDF),--pdf "$(PDF)") $(if $(COUNT),--count $(COUNT))

.PHONY: up
up: environments ## Start the whole system on this machine
	@$(RUN) -m scripts.local_stack up

.PHONY: down
down: ## Stop everything that `up` started
	@if [ -x $(RUN) ]; then $(RUN) -m scripts.local_stack down; else echo "Nothing was running."; fi

.PHONY: status
status: environments ## Show what runs, and where
	@$(RUN) -m scripts.local_stack status

.PHONY: logs
logs: environments ## Show the functions' logs: make logs [FUNCTION=auth] [FOLLOW=1]
	@$(RUN) -m scripts.local_stack logs $(if $(FOLLOW),--follow) $(if $(FUNCTION),--function "$(FUNCTION)")

.PHONY: check
check: environments ## Lint, types, import rules, template, layer sizes
	@$(RUN) -m scripts.verification check

.PHONY: test
test: environments ## Every check and test, on a stack of its own
	@$(RUN) -m scripts.verification test

.PHONY: check-keys
check-keys: environments ## Try every configured Gemini key against Google
	@$(RUN) -m scripts.test_api_keys

.PHONY: admin
admin: environments ## Make a registered user an administrator: make admin EMAIL=...
	@$(RUN) -m scripts.create_admin "$(EMAIL)"

.PHONY: seal-keys
seal-keys: environments ## Seal the stored Gemini keys with a new ENCRYPTION_KEY
	@$(RUN) -m scripts.seal_keys_anew

.PHONY: bench-questions
bench-questions: environments ## Measure question generation against the serial way
	@$(RUN) -m tests.benchmarks.questions

.PHONY: check-questions
check-questions: environments ## Check what generated questions are worth, on the running stack
	@$(RUN) -m tests.benchmarks.questions --quality-only

.PHONY: bench-evaluation
bench-evaluation: environments ## Measure grading against one call an answer
	@$(RUN) -m tests.benchmarks.evaluation

.PHONY: bench-keys
bench-keys: environments ## Measure the key pool against other pools
	@$(PYTHON) -m venv .local/environments/benchmarks
	@.venv/bin/uv pip sync --quiet --python .local/environments/benchmarks/bin/python requirements/benchmarks.lock
	@$(RUN) -m tests.benchmarks.keys

.PHONY: deploy
deploy: environments ## Deploy to AWS: make deploy ENV=staging|production|local
	@$(RUN) -m scripts.deploy "$(ENV)" $(if $(RUNTIME),--runtime $(RUNTIME))

.PHONY: fmt
fmt: environments ## Format the code and mend what lint can mend
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format .

.PHONY: lock
lock: environments ## Renew the lock files from requirements/*.in
	@$(RUN) -m scripts.lock

.PHONY: clean
clean: ## Stop the stack; remove its data, what was built, and the environments
	@if [ -x $(RUN) ]; then $(RUN) -m scripts.local_stack down; fi
	@rm -rf .local .aws-sam .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
