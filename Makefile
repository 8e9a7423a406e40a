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

.PHONY: help run demo test test-clients coverage check site mutants bench bench-load build deploy smoke release lock messages setup
.DELETE_ON_ERROR:

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name what; do \
		printf '%-19s%s\n' "make $$name" "$$what"; done

# `exec`, so that a signal to make reaches the host and no process is left behind.
run: setup ## start the gateway with a simulated WeChat platform
	@exec $(BIN)/python local_host.py --port=$(PORT) --sandbox_port=$(SANDBOX_PORT)

demo: setup ## play a sign-in, a call, a race for a token and a push
	@$(BIN)/python -m examples.whole_story

test: setup ## run all tests but those of clients
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --ignore=tests/clients

# In one process each, without the tests whose work other processes do.
coverage: setup ## show the lines of functions and runtime that their tests miss
	$(BIN)/python -m pytest -q --numprocesses=auto --maxprocesses=4 --cov \
		tests/functions tests/runtime --ignore=tests/runtime/custody/test_processes.py \
		--ignore=tests/functions/console/test_screens.py

# Unmodified clients from PyPI, npm and Debian; a few minutes, without those of
# `make test`. Installs into the user's cache what is not there yet.
test-clients: setup ## sign in by unmodified clients of PyPI, npm and Debian
	tests/clients/install.sh $(PYTHON)
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 tests/clients

check: setup ## check format, lint, types and dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/deptry .

# The documentation as a site in build/site; a broken link is an error.
site: $(VENV)-site/.ready ## build the documentation as a site in build/site
	NO_MKDOCS_2_WARNING=true $(VENV)-site/bin/mkdocs build --quiet

# Hours for all modules; ONLY='runtime.web.cookies*' takes one.
mutants: $(READY) $(VENV)/.mutants ## change the core modules, and list what no test notices
	$(BIN)/mutmut run $(if $(ONLY),'$(ONLY)')
	$(BIN)/mutmut results

# Exits with an error if a bar was missed; docs/benchmarks.md contains the results.
bench: $(READY) $(VENV)/.bench ## compare the gateway with other libraries
	$(BIN)/python -m bench

# The gateway under load: less than 15 minutes, and it needs an idle machine.
bench-load: $(READY) $(VENV)/.bench ## compare the gateway with others under load
	$(BIN)/python -m bench.load

# For FC 2.0 and `fun`, or with FC=3 for FC 3.0 and RUNTIME=python3.10,
# python3.12 or custom.debian12.
# Installs and compiles with that CPython: python3.10 on PATH, or PYTHON310=.
build: setup ## build the archive for Function Compute
	FC='$(FC)' RUNTIME='$(RUNTIME)' $(BIN)/python -m deploy.package

# `make deploy FC=3` is for Function Compute 3.0, by Serverless Devs.
# `make deploy REACH=yes` also checks Redis and the bucket, if this machine reaches them.
# It never puts an older certificate in the place of a newer one, unless
# OLDER_CERTIFICATE=yes.
deploy: build ## build, check, deploy and check again
	$(BIN)/python -m deploy.check $(if $(filter yes,$(OLDER_CERTIFICATE)),,--deployed) $(if $(filter yes,$(REACH)),--reach) $(ON_FC)
	$(if $(ON_FC),$(BIN)/python -m deploy.serverless_devs,fun deploy -y)
	$(BIN)/python -m deploy.smoke --built $(ON_FC)

ON_FC = $(if $(filter 3,$(FC)),--fc 3)

# `make smoke UNSIGNED=yes` needs no key; `FC=3` signs as Function Compute 3.0 wants it.
smoke: setup ## check each function of a deployment: URL=https://…
	@$(BIN)/python -m deploy.smoke $(if $(filter yes,$(UNSIGNED)),--unsigned) $(ON_FC) '$(URL)'

# Makes the files of a version, their checksums and a local tag, and pushes nothing.
release: setup ## make a tag, archives and checksums on this machine
	@$(BIN)/python -m deploy.release

setup: $(READY) $(CATALOGUES) ## create the environment and the compiled catalogues

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
lock: $(UV) ## resolve the dependencies into the lock files
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
messages: $(READY) ## add new sentences to the message catalogues
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
