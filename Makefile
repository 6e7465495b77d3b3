PORT ?= 8000
DATA ?= .local
PYTHON := .venv/bin/python
# One worker a core, at most four: more only compete for the same disk and Java process.
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help venv run test lint bench package clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: ## Create .venv or bring it up to date
	@sh infra/venv.sh

run: venv ## Serve on http://127.0.0.1:PORT (8000) with the data in DATA (.local)
	@PORT='$(PORT)' DATA='$(DATA)' exec $(PYTHON) -m infra.local

test: venv ## Run the tests
	@$(PYTHON) -m pytest tests --ignore=tests/bench --numprocesses=$(WORKERS) --maxprocesses=4 --dist=worksteal

lint: venv ## Check style, types, imports and the deployable package
	@echo 'lint: ruff'
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m ruff format --check --quiet .
	@echo 'lint: mypy'
	@$(PYTHON) -m mypy --no-error-summary
	@echo 'lint: imports'
	@.venv/bin/lint-imports --no-logo
	@echo 'lint: package (downloads and unpacks the wheels for Lambda)'
	@$(PYTHON) -m infra.package --check

bench: venv ## Measure the operations and print a table
	@$(PYTHON) -m tests.bench

package: venv ## Build build/package: deployment.zip and sam.json
	@echo 'Packaging for Lambda ...'
	@$(PYTHON) -m infra.package

clean: ## Remove what can be made again; .venv and the data in DATA stay
	@rm -rf build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .chalice/deployments
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
