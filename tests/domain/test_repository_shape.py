"""The shape of the files: budgets, docstrings, empty package files, and what the docs promise."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.cli import app

pytestmark = pytest.mark.promise(
    "Every file keeps to its budget, says what it is for, and the docs name what exists"
)

ROOT = Path(__file__).parents[2]
PACKAGES = ("billing", "resources", "assets", "sensors", "orchestration", "sandbox")
# These run under another Python than ours and follow what that Python's libraries ask for.
FOREIGN = "resources/erp/tryton_scripts"
PYTHON = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if FOREIGN not in path.as_posix() and "__pycache__" not in path.parts
)
SOURCES = [path for path in PYTHON if path.name != "__init__.py"]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MODELS = sorted((ROOT / "dbt_project" / "models").rglob("*.sql"))
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FILE_LINES, FUNCTION_LINES, MODEL_LINES, README_LINES = 300, 45, 120, 150


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_file_fits_a_small_room(path):
    assert len(path.read_text().splitlines()) < FILE_LINES


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_function_fits_a_screen(path):
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in _functions(path)
        if node.end_lineno - node.lineno >= FUNCTION_LINES
    ]
    assert long == []


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_module_says_what_belongs_in_it(path):
    said = ast.get_docstring(ast.parse(path.read_text())) or ""
    assert 1 <= len(said.splitlines()) <= 8


@pytest.mark.parametrize("path", [path for path in PYTHON if path.name == "__init__.py"], ids=_name)
def test_a_package_file_is_empty(path):
    assert path.read_text() == ""


@pytest.mark.parametrize("path", MODELS, ids=_name)
def test_a_model_fits_its_budget(path):
    lines = path.read_text().splitlines()
    assert len(lines) < MODEL_LINES
    assert max(map(len, lines)) <= 100


def test_test_modules_have_names_of_their_own():
    names = [path.name for path in TESTS if path.name.startswith("test_")]
    assert len(names) == len(set(names))


def test_tests_are_plain_folders():
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_the_environment_is_read_in_few_places():
    readers = {
        _name(path) for path in SOURCES if re.search(r"\bos\.(environ|getenv)", path.read_text())
    }
    allowed = {
        "orchestration/bootstrap.py",  # before there is an environment
        "orchestration/cli.py",  # the root: everything below is given what it needs
        "orchestration/run.py",  # hands the composed environment to Dagster
        "orchestration/definitions.py",  # the same root when Dagster is the caller
        "orchestration/outside.py",  # takes our variables away from the outside world
        "resources/settings.py",
        "resources/alert_sinks.py",  # read when an alert is delivered, wrong or not
        "resources/dbt_runner.py",  # dbt takes its login from the environment only
        "resources/warehouse/postgres_place.py",  # PG_BIN, and a clean one for the server
        "orchestration/parts.py",  # hands the composed environment to Dagster's servers
        "resources/erp/tryton_environment.py",  # a clean one for the ERP's own processes
    }
    assert readers - allowed == set()


def test_the_command_line_starts_without_heavy_libraries():
    code = (
        "import sys, orchestration.cli; heavy = {'dagster', 'dbt', 'great_expectations', 'pandas', "
        "'sqlalchemy', 'pyarrow'} & set(sys.modules); sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def _commands() -> set[str]:
    groups = {group.name for group in app.registered_groups}
    return groups | {info.name or info.callback.__name__ for info in app.registered_commands}


@pytest.mark.parametrize("path", DOCS, ids=_name)
def test_every_command_in_the_docs_exists(path):
    text = path.read_text()
    code = "\n".join(re.findall(r"`([^`\n]+)`", text) + re.findall(r"```\w*\n(.*?)```", text, re.S))
    targets = set(re.findall(r"\bmake ([a-z]+)\b", code))
    commands = set(re.findall(r"(?:^|[\s/])tieout ([a-z-]+)\b", code, re.MULTILINE))
    assert targets - _make_targets() == set()
    assert commands - _commands() == set()


@pytest.mark.parametrize("path", DOCS, ids=_name)
def test_every_file_that_the_docs_link_to_exists(path):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_make_target_is_in_its_help():
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert {line.split()[0] for line in shown.splitlines()} == _make_targets()


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < README_LINES


def test_ci_calls_the_commands_that_a_person_types():
    script = (ROOT / ".ci" / "run").read_text()
    assert re.findall(r"^make (\w+)", script, re.MULTILINE) == ["check", "test", "run"]
    assert "trap 'make down' EXIT" in script
