# Commands to set up, run, test and deploy. `make run PORT=9080 SANDBOX_PORT=9001`
# selects ports, PYTHON= the interpreter of the environment in $(VENV).
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8080
SANDBOX_PORT ?= 8001

# make's own default and many environments name a Fortran compiler.
ifneq ($(origin FC),command line)
override FC := $(filter 2 3,$(FC))
endif

export PIP_DISABLE_PIP_VERSION_CHECK = 1

BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := bench client deploy examples functions host local_host.py local_settings manage.py management runtime sandbox template
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard \
	locale/*/LC_MESSAGES/*.po management/locale/*/LC_MESSAGES/*.po))
UV := $(VENV)-lock/bin/uv

.PHONY: run test test-clients check site mutants bench bench-load build deploy smoke release lock messages setup
.DELETE_ON_ERROR:

# `exec`, so that a signal to make reaches the host and no process is left behind.
run: setup
	@exec $(BIN)/python local_host.py --port=$(PORT) --sandbox_port=$(SANDBOX_PORT)

test: setup
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --ignore=tests/clients

# Unmodified clients from PyPI, npm and Debian; a few minutes, without those of
# `make test`. Installs into the user's cache what is not there yet.
test-clients: setup
	tests/clients/install.sh $(PYTHON)
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 tests/clients

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/deptry .

# The documentation as a site in build/site; a broken link is an error.
site: $(VENV)-site/.ready
	NO_MKDOCS_2_WARNING=true $(VENV)-site/bin/mkdocs build --quiet

# Exits with an error if a bar was missed; docs/benchmarks.md contains the results.
bench: $(READY) $(VENV)/.bench
	$(BIN)/python -m bench

# The gateway under load: less than 15 minutes, and it needs an idle machine.
bench-load: $(READY) $(VENV)/.bench
	$(BIN)/python -m bench.load

# For FC 2.0 and `fun`, or with FC=3 for FC 3.0 and RUNTIME=python3.10,
# python3.12 or custom.debian12.
# Installs and compiles with that CPython: python3.10 on PATH, or PYTHON310=.
build: setup
	FC='$(FC)' RUNTIME='$(RUNTIME)' $(BIN)/python -m deploy.package

# `make deploy FC=3` is for Function Compute 3.0, by Serverless Devs.
# `make deploy REACH=yes` also checks Redis and the bucket, if this machine reaches them.
# It never puts an older certificate in the place of a newer one, unless
# OLDER_CERTIFICATE=yes.
deploy: build
	$(BIN)/python -m deploy.check $(if $(filter yes,$(OLDER_CERTIFICATE)),,--deployed) $(if $(filter yes,$(REACH)),--reach) $(ON_FC)
	$(if $(ON_FC),$(BIN)/python -m deploy.serverless_devs,fun deploy -y)
	$(BIN)/python -m deploy.smoke --built $(ON_FC)

ON_FC = $(if $(filter 3,$(FC)),--fc 3)

# `make smoke UNSIGNED=yes` needs no key; `FC=3` signs as Function Compute 3.0 wants it.
smoke: setup
	@$(BIN)/python -m deploy.smoke $(if $(filter yes,$(UNSIGNED)),--unsigned) $(ON_FC) '$(URL)'

# Makes the files of a version, their checksums and a local tag, and pushes nothing.
release: setup
	@$(BIN)/python -m deploy.release

setup: $(READY) $(CATALOGUES)

# The locks are complete and name every file by its hash: pip resolves nothing here.
$(READY): requirements.lock requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and \
		"Python 3.10 or newer is needed: make PYTHON=python3.x")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --use-pep517 \
		--requirement requirements-dev.lock
	@touch $@

$(VENV)/.bench: requirements-bench.lock $(READY)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --use-pep517 \
		--requirement requirements-bench.lock
	@touch $@

$(VENV)-site/.ready: requirements-site.lock
	$(PYTHON) -m venv --clear $(VENV)-site
	$(VENV)-site/bin/python -m pip install --quiet --no-deps --require-hashes --use-pep517 \
		--requirement requirements-site.lock
	@touch $@

$(VENV)/.mutants: requirements-mutants.lock $(READY)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --use-pep517 \
		--requirement requirements-mutants.lock
	@touch $@

%.mo: %.po $(READY)
	$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

# Resolves for Python 3.10 and newer, whatever interpreter runs it.
lock: $(UV)
	$(UV) pip compile pyproject.toml --output-file requirements.lock $(COMPILE)
	$(UV) pip compile pyproject.toml --output-file requirements-dev.lock $(COMPILE) \
		--constraint requirements.lock --all-extras --group dev
	$(UV) pip compile --group bench --output-file requirements-bench.lock $(COMPILE) \
		--constraint requirements-dev.lock
	$(UV) pip compile --group mutants --output-file requirements-mutants.lock $(COMPILE) \
		--constraint requirements-dev.lock
	$(UV) pip compile --group site --output-file requirements-site.lock $(COMPILE)
	$(UV) pip compile pyproject.toml --extra host --output-file requirements-host.lock \
		$(COMPILE) --constraint requirements-dev.lock
	$(UV) pip compile --group catalogues --output-file requirements-catalogues.lock \
		$(COMPILE) --constraint requirements-dev.lock

COMPILE := --quiet --universal --python-version 3.10 --generate-hashes \
	--custom-compile-command 'make lock'

$(UV):
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet uv==0.13.9

# Adds new sentences to the message catalogues, for translation by hand.
messages: $(READY)
	PYTHONPATH=locale $(BIN)/pybabel --quiet extract --mapping-file babel.cfg \
		--no-location --no-wrap --sort-output --output-file locale/gateway.pot runtime functions
	$(BIN)/pybabel --quiet update --domain gateway --no-fuzzy-matching \
		--no-wrap --ignore-obsolete --input-file locale/gateway.pot --output-dir locale
	PYTHONPATH=locale $(BIN)/pybabel --quiet extract --mapping-file babel-manage.cfg \
		--no-location --no-wrap --sort-output --output-file management/locale/manage.pot .
	$(BIN)/pybabel --quiet update --domain manage --no-fuzzy-matching \
		--no-wrap --ignore-obsolete --input-file management/locale/manage.pot \
		--output-dir management/locale
	$(MAKE) $(CATALOGUES)
