"""A user's own sources: when they are chosen, what `.env` may say, what a sandbox never sees."""

import re
from datetime import date
from pathlib import Path

import pytest

from orchestration.own_sources import (
    EnvFileError,
    hidden,
    names_own_sources,
    own_world,
    read_env_file,
    world_to_keep_up,
)
from orchestration.state import StateFolder, World, keep_world, read_world
from orchestration.tables import printable

pytestmark = pytest.mark.promise(
    "Own sources are chosen by the environment, in databases of their own",
    "A sandbox never sees the systems of the user",
    "A bad line of `.env` is named without its text",
)

ROOT = Path(__file__).parents[2]
ROOMS = ("billing", "resources", "assets", "sensors", "orchestration", "dbt_project")
NAME = re.compile(r"\b(?:TIEOUT_[A-Z0-9_]*[A-Z0-9]|PG_BIN)(?![A-Z0-9_])")


def test_every_variable_that_the_code_reads_is_explained():
    explained = set(NAME.findall((ROOT / ".env.example").read_text()))
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.suffix in {".py", ".yml", ".template"} and "target" not in path.parts:
                missing = set(NAME.findall(path.read_text())) - explained
                assert not missing, f"{path.relative_to(ROOT)}: {sorted(missing)}"


def test_no_value_is_given_in_the_example():
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line.strip() and not line.startswith("#")] == []


@pytest.mark.parametrize(
    "name",
    ["TIEOUT_SFTP_HOST", "TIEOUT_BANK_SFTP_HOST", "TIEOUT_FHIR_URL", "TIEOUT_CARD_URL"],
)
def test_one_address_makes_the_sources_the_users_own(name, tmp_path):
    assert names_own_sources({name: "somewhere"})
    assert not names_own_sources({name: ""})
    assert not names_own_sources({name: "somewhere", "TIEOUT_WORLD": "main"})
    (tmp_path / "state").mkdir()
    state = StateFolder(tmp_path / "state")
    assert world_to_keep_up(state, {name: "somewhere"}).own
    assert world_to_keep_up(state, {}) == World()


def test_own_sources_have_databases_of_their_own_and_are_remembered(tmp_path):
    state = StateFolder(tmp_path)
    world = own_world(date(2026, 11, 2))
    assert world.database("tieout") == "tieout_own"
    assert "your own sources" in world.title
    keep_world(state, world)
    assert read_world(state) == world


def test_a_sandbox_never_sees_the_users_systems():
    environ = {
        "TIEOUT_SFTP_HOST": "sftp.example.com", "TIEOUT_BANK_SFTP_PASSWORD": "word",
        "TIEOUT_ERP_URL": "https://erp.example.com", "TIEOUT_ERP_KEY_NLH": "key",
        "TIEOUT_SFTP_STABLE_SECONDS": "2", "TIEOUT_ERP_DB_NAME": "books", "HOME": "/root",
    }  # fmt: skip
    assert hidden(environ) == dict.fromkeys(
        ("TIEOUT_SFTP_HOST", "TIEOUT_BANK_SFTP_PASSWORD", "TIEOUT_ERP_URL", "TIEOUT_ERP_KEY_NLH"),
        "",
    )


def test_the_env_file_is_read_and_the_environment_wins(tmp_path):
    path = tmp_path / ".env"
    path.write_text(
        "# ours\n\nA=1\nexport B = two words \nC='a # b'\nD=\"$A\"\nE=x=y\nF=\n", encoding="utf-8"
    )
    environ = {"A": "given"}
    read_env_file(environ, path)
    assert environ == {"A": "given", "B": "two words", "C": "a # b", "D": "$A", "E": "x=y", "F": ""}


@pytest.mark.parametrize("line", ["SECRET", "SE CRET=1", "A='SECRET", "1A=SECRET", '=SECRET"'])
def test_a_line_that_cannot_be_read_is_named_without_its_text(tmp_path, line):
    path = tmp_path / ".env"
    path.write_text(f"A=1\n{line}\n", encoding="utf-8")
    with pytest.raises(EnvFileError, match="line 2") as refused:
        read_env_file({}, path)
    assert "SECRET" not in str(refused.value)


def test_a_missing_env_file_is_no_problem(tmp_path):
    environ: dict[str, str] = {}
    read_env_file(environ, tmp_path / "none")
    assert environ == {}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a.835", "a.835"),
        ("é ü 漢", "é ü 漢"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202e\u2066", "\\u202e\\u2066"),
        ("\udce9", "\\udce9"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(raw, shown):
    assert printable(raw) == shown
