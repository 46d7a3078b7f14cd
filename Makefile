# Every target that needs the environment makes it first. Works with POSIX sh and GNU make 3.81.
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

# For the stages, which DVC starts as `python -m stages.NAME`. Make 3.81 itself does not search this
# PATH, hence $(BIN)/ before every command.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS = 1
export MLFLOW_DISABLE_TELEMETRY = true

.PHONY: help venv repro test lint docs soak bench gpu-pack gpu-check voc2007 lesson gpu detector-first experiments selftrain ui doctor audit lock clean clean-venv

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

venv: $(STAMP) ## make .venv from requirements.lock; the targets below do this automatically

repro: $(STAMP) ## run what is out of date and print the table of results
	@$(BIN)/ladder repro $(ARGS)

# Tests of a file share fixtures, so they stay in one worker. Three workers keep two cores busy, as
# some tests wait for servers. tests/conftest.py says which files go first.
test: $(STAMP) ## run the tests, three files at a time (ARGS="-m 'not slow'" skips the slow ones)
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(STAMP) ## check style, format, types, import contracts, and CI's workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/zizmor --offline --quiet --no-progress --strict-collection .github

docs: $(STAMP) ## render generated docs (ARGS="--take demo" first takes this folder's results)
	PYTHONPATH=. $(BIN)/python docs/render.py $(ARGS)

soak: $(STAMP) ## stop repro and label at random moments for an hour (ROUNDS=50)
	$(BIN)/python -m tests.faults.repro_kills --rounds $(ROUNDS)
	$(BIN)/python -m tests.faults.label_kills --rounds $(ROUNDS) --model models/ssd_fpn

bench: $(STAMP) ## measure speed against peers and limits (TOPIC=tables for one topic)
	$(BIN)/python -m benchmarks $(TOPIC)

gpu-pack: $(STAMP) ## pack for gpu-check: photos and wheels (PACK=folder ARGS="--photos folder")
	$(BIN)/python -m benchmarks.gpu --pack $(PACK) $(ARGS)

# Without the environment: a borrowed machine has PyTorch but no network.
gpu-check: ## measure on a GPU in 8 minutes, offline (PYTHON with torch, PACK=folder RESULTS=file)
	$(PYTHON) -m benchmarks.gpu --from $(PACK) --results $(RESULTS) $(ARGS)

voc2007: $(STAMP) ## run the ladder on Pascal VOC 2007, downloaded or from a folder (VOC=folder)
lesson: $(STAMP) ## the same with the lesson's recipe
gpu: $(STAMP) ## the same for a CUDA device

PHOTOS = $(if $(VOC),--photos '$(VOC)')
# ARGS="-S train.ssd_fpn.late.epochs=40" overrides a parameter: see `ladder run --help`.
voc2007 lesson gpu:
	@$(BIN)/ladder run $@ $(PHOTOS) $(ARGS)

# Each detector has a name of its own, as DVC does not watch the file: docs/own-data.md.
detector-first: $(STAMP) ## train a detector, then the smaller rungs on its backbone (VOC=folder)
	@$(BIN)/ladder run voc2007 $(PHOTOS) --only evaluate@ssd_fpn \
	  -S train.shared.backbone=tf_efficientnet_lite2 -S train.shared.weights=bundled $(ARGS)
	@set -e; trained=models/ssd_fpn/model.safetensors; \
	detector=detector-$$(cksum < $$trained | cut -d ' ' -f 1).safetensors; \
	cp -f $$trained $$detector; \
	$(BIN)/ladder run detector_first $(PHOTOS) \
	  --only evaluate@bbox --only evaluate@combined --only evaluate@ssd_189 $(ARGS) \
	  -S train.shared.weights=$$detector

# DVC's own table is full of digests of files and code, whose names are paths.
DIGESTS = (.*/.*|Created|evaluation|figures|metrics|models|photos|predictions)$$
experiments: $(STAMP) ## list experiments with the parameters and metrics that differ
	@$(BIN)/dvc exp show --only-changed --drop '$(DIGESTS)' $(ARGS)

selftrain: $(STAMP) ## label photos and train again with these labels added (UNLABELLED=folder)
	$(if $(strip $(UNLABELLED)),,$(error name the folder: make selftrain UNLABELLED=photos/new))
	@$(BIN)/ladder selftrain '$(UNLABELLED)' $(ARGS)

ui: $(STAMP) ## open MLflow on the comparison of the runs
	@$(BIN)/ladder ui $(ARGS)

doctor: $(STAMP) ## check environment, weights, DVC's cache and the MLflow store
	@$(BIN)/ladder doctor $(ARGS)

# In a separate environment, as it is not in the lock. docs/reliability.md says what is ignored.
audit: ## check the packages of requirements.lock for known vulnerabilities (needs the network)
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip --disable-pip-version-check install --quiet pip-audit==2.10.1
	$(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock \
	  --progress-spinner off --ignore-vuln CVE-2025-69872 $(ARGS)

lock: ## update requirements.lock from pyproject.toml, after make venv (ARGS=--upgrade for newer versions)
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-strip-extras --no-emit-index-url --no-header --no-annotate $(ARGS) \
	  --output-file requirements.lock

clean: ## remove the tools' caches; data, models and runs stay
	rm -rf .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage build *.egg-info
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

clean-venv: ## remove the environment
	rm -rf $(VENV)

# An interrupted installation may leave half a package that pip thinks is complete, so the environment
# is then made from scratch.
# uv, itself from the lock, unpacks in a third of pip's time. It does not read pip's settings (an index, a
# proxy, certificates), so pip does it where uv cannot.
# Compiled here, on all cores: if PYTHONDONTWRITEBYTECODE is set, as in many images, each process would
# otherwise compile its imports, which costs a stage that needs torch 16 s on a slow machine.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: $(PYTHON) is not Python 3.11 or newer; name one, e.g. make PYTHON=python3.12 venv" >&2; \
	  exit 1; }
	@if [ -e $(VENV)/.installing ]; then rm -rf $(VENV); fi
	@mkdir -p $(VENV) && touch $(VENV)/.installing
	$(PYTHON) -m venv $(VENV)
	@echo "installing requirements.lock into $(VENV), about 2 minutes the first time"
	@quiet=; [ -t 1 ] || quiet=--quiet; set -e; \
	pip="$(BIN)/python -m pip --disable-pip-version-check install --no-compile $$quiet"; \
	awk '/^[^ ]/ { is_uv = /^uv==/ } is_uv' requirements.lock > $(VENV)/uv.lock; \
	{ $$pip --require-hashes -r $(VENV)/uv.lock && \
	  $(BIN)/uv pip install $$quiet --python $(BIN)/python --require-hashes -r requirements.lock; } || \
	$$pip --require-hashes -r requirements.lock; \
	$$pip --no-deps --no-build-isolation -e .
	-@$(BIN)/python -m compileall -q -j 0 -x '/tests?/|/testing/' $(VENV)/lib
	@mkdir -p .ladder && chmod 700 .ladder # DVC unpickles its files there, so nobody else may write them
	@rm -f $(VENV)/.installing
	@touch $(STAMP)
