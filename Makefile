PYTHON ?= python3

.PHONY: check format test bench dist

# What has to be clean before a commit.
check:
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest

format:
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

test:
	$(PYTHON) -m pytest

# Every measurement against its limit; on a machine that does nothing else.
bench:
	$(PYTHON) -m benchmarks

# A stale `build` would bring deleted modules back into the wheel.
dist:
	rm -rf build dist
	$(PYTHON) -m build
	$(PYTHON) .ci/distribution.py dist
