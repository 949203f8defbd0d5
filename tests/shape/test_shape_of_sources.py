"""The shape of the sources: budgets, docstrings, empty package files, and what starts light.

Each check reads every file and lists its offenders. `make check` runs this folder, `make test`
does not: what is found here is mended before any test runs.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

pytestmark = pytest.mark.promise(
    "Every file keeps to its budget, says what it is for, and the docs name what exists",
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
FILE_LINES, FUNCTION_LINES, MODEL_LINES, MODEL_WIDTH, DOCSTRING_LINES = 300, 45, 120, 100, 8


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _offenders(paths: Iterable[Path], breaks: Callable[[str], bool]) -> list[str]:
    """Return the names of the files whose text breaks a rule."""
    return [_name(path) for path in paths if breaks(path.read_text())]


def _lines(node: ast.stmt) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def _long_functions(path: Path) -> list[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds)]
    return [f"{_name(path)} {n.name}: {_lines(n)}" for n in found if _lines(n) > FUNCTION_LINES]


def test_source_files_keep_to_their_lines():
    assert _offenders(SOURCES, lambda text: len(text.splitlines()) >= FILE_LINES) == []


def test_functions_keep_to_their_lines():
    assert [long for path in SOURCES for long in _long_functions(path)] == []


def test_modules_say_what_belongs_in_them():
    def says_nothing_or_too_much(text: str) -> bool:
        said = ast.get_docstring(ast.parse(text)) or ""
        return not 1 <= len(said.splitlines()) <= DOCSTRING_LINES

    assert _offenders(SOURCES, says_nothing_or_too_much) == []


def test_package_files_are_empty():
    packages = [path for path in PYTHON if path.name == "__init__.py"]
    assert _offenders(packages, lambda text: text != "") == []


def test_models_keep_to_their_lines_and_width():
    def is_too_large(text: str) -> bool:
        lines = text.splitlines()
        return len(lines) >= MODEL_LINES or max(map(len, lines)) > MODEL_WIDTH

    assert _offenders(MODELS, is_too_large) == []


def test_test_modules_have_names_of_their_own():
    names = [path.name for path in TESTS if path.name.startswith("test_")]
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_tests_are_plain_folders():
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_the_environment_is_read_in_few_places():
    readers = set(
        _offenders(SOURCES, lambda text: bool(re.search(r"\bos\.(environ|getenv)", text)))
    )
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
        "orchestration/pages/serve.py",  # the root of a program of its own
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
