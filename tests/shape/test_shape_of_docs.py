"""What the docs, the Makefile and CI name exists, and the README is short."""

import re
import subprocess
from pathlib import Path

import pytest

from orchestration.cli import app

pytestmark = pytest.mark.promise(
    "Every file keeps to its budget, says what it is for, and the docs name what exists",
)
ROOT = Path(__file__).parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
README_LINES = 150


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def _commands() -> set[str]:
    groups = {group.name for group in app.registered_groups}
    return groups | {info.name or info.callback.__name__ for info in app.registered_commands}


def _code_of(path: Path) -> str:
    text = path.read_text()
    blocks = re.findall(r"`([^`\n]+)`", text) + re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return "\n".join(blocks)


def _unknown(pattern: str, known: set[str]) -> list[str]:
    """Return `file: word` for each word of the docs' code that the pattern finds and none knows."""
    found = [(path, word) for path in DOCS for word in re.findall(pattern, _code_of(path), re.M)]
    return [f"{path.relative_to(ROOT)}: {word}" for path, word in found if word not in known]


def test_every_make_target_in_the_docs_exists():
    assert _unknown(r"\bmake ([a-z][a-z-]*)\b", _make_targets()) == []


def test_every_command_in_the_docs_exists():
    assert _unknown(r"(?:^|[\s/])tieout ([a-z-]+)\b", _commands()) == []


def test_every_file_that_the_docs_link_to_exists():
    links = [
        (path, link)
        for path in DOCS
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
    ]
    missing = [(path, link) for path, link in links if not (path.parent / link).exists()]
    assert [f"{path.relative_to(ROOT)}: {link}" for path, link in missing] == []


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
    called = re.findall(r"^make (?:-C \S+ )?([a-z-]+)$", script, re.MULTILINE)
    assert called == ["check", "test", "run"]
    assert "make down" in script
    assert re.search(r"^trap .* EXIT$", script, re.MULTILINE)
