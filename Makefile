# Every target that needs the environment makes it first. POSIX sh and GNU make 3.81 will do.
SHELL = /bin/sh
PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed
VOC =
UNLABELLED =
TOPIC =
PACK = build/gpu-pack
RESULTS = benchmarks/results/gpu.json
ARGS =
ROUNDS = 50
AUDIT = build/audit

# For the stages, which DVC starts as `python -m stages.NAME`. Make 3.81 itself does not look here,
# hence $(BIN)/ before every command.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS = 1
export MLFLOW_DISABLE_TELEMETRY = true

.PHONY: help venv repro test lint docs soak bench gpu-pack gpu-check voc2007 lesson gpu experiments selftrain ui doctor audit lock clean clean-venv

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

venv: $(STAMP) ## make .venv from requirements.lock; all targets below do this by themselves

# A kill may leave half a dvc.lock, which DVC refuses, so that is mended before.
# Asked for all pipelines, of which there is one, DVC reads dvc.yaml and dvc.lock once, else twice.
repro: $(STAMP) ## run what is out of date and print the table of results
	@$(BIN)/ladder doctor --only lock --fix --quiet
	$(BIN)/dvc repro $(or $(ARGS),--all-pipelines)

# A file's tests share what its first one made, so they stay in one worker. Three keep two cores
# busy, as some wait for servers. tests/conftest.py says which files go first.
test: $(STAMP) ## run the tests, three files at a time (ARGS="-m 'not slow'" leaves out the slow ones)
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(STAMP) ## check style, format, types, who imports whom, and CI's workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/zizmor --offline --quiet --no-progress --strict-collection .github

docs: $(STAMP) ## render results and the import graph (ARGS="--take demo" takes figures before)
	PYTHONPATH=. $(BIN)/python docs/render.py $(ARGS)

soak: $(STAMP) ## stop repro and label at random moments for an hour (ROUNDS=50)
	$(BIN)/python -m tests.faults.repro_kills --rounds $(ROUNDS)
	$(BIN)/python -m tests.faults.label_kills --rounds $(ROUNDS) --model models/ssd_fpn

bench: $(STAMP) ## measure speed against peers and limits (TOPIC=tables for one)
	$(BIN)/python -m benchmarks $(TOPIC)

gpu-pack: $(STAMP) ## pack for gpu-check: photos and wheels (PACK=folder ARGS="--photos folder")
	$(BIN)/python -m benchmarks.gpu --pack $(PACK) $(ARGS)

# Without the environment: a machine that is lent has PyTorch and no network.
gpu-check: ## measure on a GPU in 8 minutes, offline (PYTHON with torch, PACK=folder RESULTS=file)
	$(PYTHON) -m benchmarks.gpu --from $(PACK) --results $(RESULTS) $(ARGS)

voc2007: $(STAMP) ## run the ladder on Pascal VOC 2007, downloaded or from a folder (VOC=folder)
lesson: $(STAMP) ## the same with the lesson's own recipe
gpu: $(STAMP) ## the same for a CUDA device

# ARGS="-S train.ssd_fpn.late.epochs=40" changes a parameter of it: `ladder run --help`.
voc2007 lesson gpu:
	@$(BIN)/ladder run $@ $(if $(VOC),--photos '$(VOC)') $(ARGS)

# DVC's own table is filled by digests of files and code, whose names are paths.
DIGESTS = (.*/.*|Created|evaluation|figures|metrics|models|photos|predictions)$$
experiments: $(STAMP) ## list experiments with the parameters and metrics that differ
	@$(BIN)/dvc exp show --only-changed --drop '$(DIGESTS)' $(ARGS)

selftrain: $(STAMP) ## label photos and train again with these labels, too (UNLABELLED=folder)
	$(if $(strip $(UNLABELLED)),,$(error name the folder: make selftrain UNLABELLED=photos/new))
	@$(BIN)/ladder selftrain '$(UNLABELLED)' $(ARGS)

ui: $(STAMP) ## open MLflow on the comparison of the runs
	@$(BIN)/ladder ui $(ARGS)

doctor: $(STAMP) ## check environment, weights, DVC's cache and the MLflow store
	@$(BIN)/ladder doctor $(ARGS)

# In an environment of its own, as it is no part of the lock. What is passed over is told in
# docs/reliability.md.
audit: ## ask whether a package of requirements.lock has a known vulnerability (needs the network)
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip --disable-pip-version-check install --quiet pip-audit==2.10.1
	$(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock \
	  --progress-spinner off --ignore-vuln CVE-2025-69872 $(ARGS)

lock: ## renew requirements.lock from pyproject.toml (needs uv; ARGS=--upgrade for newer versions)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-strip-extras --no-emit-index-url --no-header --no-annotate $(ARGS) \
	  --output-file requirements.lock

clean: ## remove caches of the tools; data, models and runs stay
	rm -rf .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage build *.egg-info
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

clean-venv: ## remove the environment
	rm -rf $(VENV)

# An interrupted installation may leave half a package that pip takes for a whole one, so the
# environment is then made from nothing.
# Compiled here, on all cores: where PYTHONDONTWRITEBYTECODE is set, as in many images, each process
# would else compile what it imports, 16 s of a stage that needs torch on a slow machine.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: $(PYTHON) is not Python 3.11 or newer; name one, e.g. make PYTHON=python3.12 venv" >&2; \
	  exit 1; }
	@if [ -e $(VENV)/.installing ]; then rm -rf $(VENV); fi
	@mkdir -p $(VENV) && touch $(VENV)/.installing
	$(PYTHON) -m venv $(VENV)
	@echo "installing requirements.lock into $(VENV), about 4 minutes the first time"
	@quiet=; [ -t 1 ] || quiet=--quiet; set -e; \
	pip="$(BIN)/python -m pip --disable-pip-version-check install --no-compile $$quiet"; \
	$$pip --require-hashes -r requirements.lock; \
	$$pip --no-deps --no-build-isolation -e .
	-@$(BIN)/python -m compileall -q -j 0 -x '/tests?/|/testing/' $(VENV)/lib
	@mkdir -p .ladder && chmod 700 .ladder # DVC unpickles what it keeps there: nobody else may write it
	@rm -f $(VENV)/.installing
	@touch $(STAMP)
