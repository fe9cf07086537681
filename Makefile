PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
# Where every branch is tested.
WHOLE := reconciler/manifest/*,reconciler/manifest/edit/*,reconciler/planning/*,reconciler/state/*,reconciler/state/backends/*,reconciler/api/*,reconciler/execute/*,reconciler/documents/*
STAMP := $(VENV)/.installed
SITE := .site
NODE := tests/node/node_modules/.installed
# Without bytecode every start of the program compiles it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo drawings test characters covered test-all test-resolved slow browser shells faults explore mutants site bench bench-check bench-fleet bench-report check lint types format lock dist clean

demo: $(STAMP)
	PATH="$(CURDIR)/$(RUN):$$PATH" sh docs/demo.sh

# The recording of the demo, and the architecture from the imports; look at them before they are committed.
drawings: $(STAMP)
	$(RUN)/python -m tests.docs.recording
	$(RUN)/python -m tests.docs.architecture

# The types are checked beside the tests: mypy uses one core only.
test: lint
	@$(MAKE) --no-print-directory -j 3 characters types covered

# A table that Hypothesis keeps, and that each process of the tests would else make, slowed down by coverage.
characters: $(STAMP)
	$(RUN)/python -c 'from hypothesis.strategies import text; text().validate()'

covered: $(STAMP)
	$(RUN)/python -m pytest -n 3 --cov --cov-report= -m "not slow"
	$(RUN)/coverage report --skip-covered --fail-under=95
	$(RUN)/coverage report --skip-covered --fail-under=100 --include='$(WHOLE)'

test-all: test slow faults explore mutants site

# Laws with thousands of examples, hundreds of races, doubles from npm, pages in a browser: what takes minutes, or needs
# Node or Chromium; and all laws with more examples than `make test` has time for.
slow: $(STAMP) $(NODE) browser shells
	$(RUN)/python -m pytest -n 2 --timeout 900 --hypothesis-profile thorough -m "slow or hypothesis"
	$(RUN)/python -m tests.exploration.widely --deep

# Chromium, and the fonts of the pictures; says what to do where it cannot install them.
browser:
	sh tests/report/browser/install.sh

# zsh, fish and mandoc; likewise.
shells:
	sh tests/cli/install_shells.sh

# The fast tests with the oldest dependencies that pyproject.toml allows, or the newest (RESOLUTION=highest); needs uv, as `lock` does.
RESOLUTION ?= lowest-direct
test-resolved:
	$(UV) venv --quiet --clear --python $(PYTHON) .resolved
	$(UV) pip install --quiet --python .resolved --no-deps --require-hashes -r requirements/dev.txt
	$(UV) pip compile pyproject.toml --quiet --all-extras --resolution $(RESOLUTION) --no-annotate --no-header -o .resolved/chosen.txt
	$(UV) pip install --quiet --python .resolved --no-deps -r .resolved/chosen.txt
	$(UV) pip install --quiet --python .resolved --no-build-isolation --no-deps -e .
	.resolved/bin/python -m pytest -p no:anyio -n 3 -m "not slow"

# Every fault at every step, over a thousand times; prints the table of docs/reliability.md (PAGE=… renews it there).
faults: $(STAMP)
	$(RUN)/python -m tests.faults.widely $(PAGE)

# Every order of events in small worlds, on the real code; some minutes. EXPLORE='--deviations 3 --story renames' goes deeper.
# PAGE=docs/reliability.md renews the figures there, with those of `make slow`.
explore: $(STAMP)
	$(RUN)/python -m tests.exploration.widely $(EXPLORE) $(if $(PAGE),--page $(PAGE))

# Every small change to planning must make a test fail; those that cannot are listed with their reason.
mutants: $(STAMP)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/mutation.txt
	rm -rf mutants
	$(RUN)/mutmut run --max-children 2 >mutants.log 2>&1 || { tail -n 20 mutants.log; exit 1; }
	$(RUN)/python -m tests.survivors

# The site of the pages, in .site/html; warnings are errors, links within it are followed. LINKS=external asks the other ones, too.
site: $(SITE)/.installed
	rm -rf $(SITE)/html
	$(SITE)/bin/sphinx-build -q -W --keep-going -E -c docs -d $(SITE)/doctrees . $(SITE)/html
	$(SITE)/bin/python -m tests.site.links $(SITE)/html
	$(if $(filter external,$(LINKS)),$(SITE)/bin/sphinx-build -q -c docs -d $(SITE)/doctrees -b linkcheck . $(SITE)/links)

$(SITE)/.installed: requirements/site.txt
	$(PYTHON) -m venv --clear $(SITE)
	$(SITE)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/site.txt
	touch $@

# How fast the program is, as ratios; about ten minutes. `bench` keeps the figures, `bench-check` warns of worse ones.
bench: $(STAMP)
	$(RUN)/python -m benchmarks --save $(BENCH)

bench-check: $(STAMP)
	$(RUN)/python -m benchmarks --check $(BENCH)

# 10,000 accounts of 100 lists: by one process, by workers, by workers that are killed; and where their state is kept. About half an hour;
# renews the tables of docs/fleet.md. BENCH='--accounts 200 --only applies' is quick; without SAVE=--save nothing is kept.
SAVE ?= --save
bench-fleet: $(STAMP)
	$(RUN)/python -m benchmarks.fleet $(SAVE) $(BENCH)

# The same work by other tools, installed in .bench; takes a quarter of an hour and renews docs/comparison.*
# BENCH='--lists 100 --runs 1' makes it quick, BENCH=--page-only makes page and chart from the figures there are.
bench-report: $(STAMP)
	$(RUN)/python -m benchmarks.versus $(BENCH)

check: lint types

lint: $(STAMP)
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/lint-imports

types: $(STAMP)
	$(RUN)/mypy

format: $(STAMP)
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

# Without resolving again: the lock files are whole, and an old pip fails over extras once a newer release is out.
$(STAMP): requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $(STAMP)

$(NODE): tests/node/package-lock.json
	@command -v npm >/dev/null || { echo "Node is needed, with npm, for make slow"; exit 1; }
	cd tests/node && npm ci --ignore-scripts --silent
	touch $(NODE)

# Needs uv (any recent one) on the PATH or as UV=path; writes no registry address.
UV ?= uv
LOCK := $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-annotate --custom-compile-command "make lock" --quiet --upgrade
lock:
	$(LOCK) --output-file reconciler/pipelines/requirements.txt
	$(subst pyproject.toml,--group build,$(LOCK)) --output-file reconciler/pipelines/build.txt
	$(LOCK) --all-extras --group dev --output-file requirements/dev.txt
	$(LOCK) --extra objects --output-file requirements/image.txt
	$(LOCK) --group release --output-file requirements/release.txt
	$(subst pyproject.toml,--group site,$(LOCK)) --output-file requirements/site.txt
	$(LOCK) --all-extras --group mutation --output-file requirements/mutation.txt
	$(LOCK) --all-extras --group benchmarks --output-file requirements/benchmarks.txt

# Source archive, wheel and bill of materials. The same bytes on every machine if SOURCE_DATE_EPOCH is set.
dist:
	$(PYTHON) -m venv --clear .dist
	.dist/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/release.txt
	rm -rf dist && mkdir dist
	.dist/bin/python -c 'from flit_core import buildapi; buildapi.build_sdist("dist"); buildapi.build_wheel("dist")'
	version=$$(sed -n 's/^__version__ = //p' reconciler/__init__.py); \
		sed "s/^dynamic = .*/version = $$version/" pyproject.toml >.dist/pyproject.toml
	.dist/bin/python -W ignore -m cyclonedx_py requirements --pyproject .dist/pyproject.toml --output-reproducible \
		--output-file dist/sbom.cdx.json reconciler/pipelines/requirements.txt

clean:
	rm -rf $(VENV) $(SITE) .dist .resolved .bench tests/node/node_modules dist mutants mutants.log .mypy_cache .pytest_cache .ruff_cache .coverage*
