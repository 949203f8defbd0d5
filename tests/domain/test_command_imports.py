"""Which heavy packages each command loads: what answers at once may not wait for an import.

Seconds are not measured here. A command that needs another package gets it into the table, where
a reviewer sees it.
"""

import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration import errors
from tests.fixtures import import_probe

pytestmark = pytest.mark.promise("Commands answer at once: each loads only what its work needs")

DATABASE = {"psycopg"}
ARROW = {"numpy", "pyarrow"}
# By the first word of the command, or by its words where they differ from the rest of the group.
ALLOWED = {
    "approve": DATABASE,
    "audit": DATABASE,
    "check-config": DATABASE | {"cryptography", "paramiko", "requests"},
    "clean": DATABASE,
    "down": DATABASE,
    "estimate": DATABASE,
    "evidence": DATABASE | ARROW,
    "evidence verify": set(),
    "exceptions": DATABASE,
    "opening": DATABASE | ARROW,
    "period": DATABASE,
    "policy": DATABASE,
    "policy check": set(),
    "policy what-if": DATABASE | ARROW,
    "prove": DATABASE | ARROW,
    "replay": DATABASE | ARROW,
    "request": DATABASE | ARROW,
    "run": DATABASE,
    "status": DATABASE,
    "trace": DATABASE | {"numpy"},
    "up": DATABASE | {"grpc", "requests"},
    "x12": ARROW,
}
FIXTURES = Path(__file__).parents[1] / "fixtures"


def _probe(out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "TIEOUT_HOME": str(out.parent / "home")}
    return subprocess.run(
        [sys.executable, import_probe.__file__, str(out), *words],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


def _allowed(words: str) -> set[str]:
    return ALLOWED[words] if words in ALLOWED else ALLOWED[words.split(maxsplit=1)[0]]


def test_no_command_imports_a_package_outside_its_table(tmp_path):
    done = _probe(tmp_path / "graph.jsonl")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in (tmp_path / "graph.jsonl").read_text().splitlines()]
    too_much = [
        f"{one['command']} loads {package}, asked for by {asker}"
        for one in found
        for package, asker in one["loaded"].items()
        if package not in _allowed(one["command"])
    ]
    assert len(found) > 50
    assert too_much == []


def test_table_names_only_commands_and_packages_there_are():
    words = {one for one, _ in import_probe.commands()}
    unknown = {one for one in ALLOWED if not any(f"{w} ".startswith(f"{one} ") for w in words)}
    assert unknown == set()
    assert set().union(*ALLOWED.values()) <= import_probe.HEAVY


@pytest.mark.parametrize("words", [[], ["period"], ["prove"], ["x12", "check"]])
def test_help_and_version_load_no_heavy_package(tmp_path, words):
    done = _probe(tmp_path / "out.json", *words, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads((tmp_path / "out.json").read_text()) == {}


def test_version_is_that_of_the_installed_package(tmp_path):
    done = _probe(tmp_path / "out.json", "--version")
    assert done.stdout == f"tieout {importlib.metadata.version('tieout')}\n"
    assert json.loads((tmp_path / "out.json").read_text()) == {}


@pytest.mark.parametrize("command", ["check", "show"])
def test_x12_commands_read_amounts_without_pandas(tmp_path, command):
    done = _probe(tmp_path / "out.json", "x12", command, str(FIXTURES / "x12/claim_level.835"))
    assert "1,000.50" in done.stdout
    assert json.loads((tmp_path / "out.json").read_text()).keys() == ARROW


def test_frames_can_still_be_made_where_pandas_was_left_out():
    code = (
        "import sys; from billing.arrow import without_pandas; import pyarrow as pa\n"
        "with without_pandas(): table = pa.table({'n': [1, 2]})\n"
        "assert 'pandas' not in sys.modules; print(table.to_pandas()['n'].sum())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "3\n"


def test_expected_problems_are_named_where_they_are_defined():
    for module, name in errors._OF_OTHERS:
        problem = getattr(importlib.import_module(module), name)
        assert issubclass(problem, errors.expected())
        assert problem.__name__ == name
