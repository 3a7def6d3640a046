# make install   the virtual environment with everything pinned
# make demo      the demo study on this machine: web and worker, nothing else needed (PORT=8000)
# make test      the whole suite, with what it needs installed and started
# make check     formatting, lint, types, import directions
.PHONY: install demo test check format messages screenshots
PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin

install: .venv/installed

.venv/installed: requirements/base.txt pyproject.toml scripts/install.sh $(wildcard platform/locale/*/LC_MESSAGES/*.po)
	@PYTHON="$(PYTHON)" bash scripts/install.sh base

.venv/installed-dev: .venv/installed requirements/dev.txt
	@PYTHON="$(PYTHON)" bash scripts/install.sh dev

demo: install
	@exec $(BIN)/python manage.py demo --port "$(PORT)"

test:
	@bash scripts/test.sh

check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djade --check $$(git ls-files '*.html')
	$(BIN)/lint-imports
	$(BIN)/mypy

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/djade $$(git ls-files '*.html')

messages: .venv/installed-dev
	cd platform && ../$(BIN)/python ../manage.py makemessages --all --no-location --no-obsolete

screenshots: .venv/installed-dev
	$(BIN)/python scripts/screenshots.py
