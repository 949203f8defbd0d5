"""The files of the database: one object a file, short functions, the owner's relations alone."""

import re
from pathlib import Path

import pytest

from resources.warehouse.server.schema_files import SCHEMA, SchemaFile, read_schema

pytestmark = pytest.mark.promise(
    "Each object of the database stands whole in one file named after it"
)

LONGEST_FUNCTION = 60
FILES = read_schema()
CREATED = re.compile(r"^create (?:or replace )?(?:constraint )?(\w+) (\S+?)(?=\(| |$)", re.M)
BUILT_ZONES = re.compile(r"\b(?:marts|intermediate|staging|seeds)\.\w+")


def code(file: SchemaFile) -> str:
    """Return the text of a file without its comments."""
    return re.sub(r"--[^\n]*", "", file.text)


def path_of(file: SchemaFile) -> Path:
    """Return the file of a definition, of which there is exactly one."""
    schema, name = file.name.split(".")
    (found,) = (SCHEMA / schema).rglob(f"{name}.sql")
    return found


def test_file_defines_the_object_that_it_is_named_after() -> None:
    for file in (*FILES.functions, *FILES.views):
        defined = [name for kind, name in CREATED.findall(code(file))]
        assert defined == [file.name], file.name
        assert path_of(file).read_text() == file.text


def test_file_of_triggers_holds_those_of_its_table() -> None:
    for file in FILES.triggers:
        tables = re.findall(r"^create .*? on (\S+)$", file.text, re.M)
        assert set(tables) == {file.name}, file.name
        assert len(tables) == len(CREATED.findall(code(file)))


def test_no_object_has_two_definitions() -> None:
    names = [file.name for file in (*FILES.functions, *FILES.views)]
    assert len(names) == len(set(names)) > 250


def test_each_definition_begins_with_what_it_is() -> None:
    assert [file.name for file in FILES.definitions if not file.text.startswith("-- ")] == []


def test_function_has_at_most_sixty_lines() -> None:
    lengths = {file.name: len(code(file).strip().splitlines()) for file in FILES.functions}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FUNCTION} == {}


def test_no_code_edits_code() -> None:
    edits = re.compile(
        r"pg_get_\w+def|create or replace (?:function|view|trigger).*create or", re.S
    )
    made = re.compile(r"execute\s+(?:format\()?\s*'?(?:create|alter) (?:or|function|view)", re.I)
    found = [f.name for f in FILES.definitions if edits.search(code(f)) or made.search(code(f))]
    assert found == []
    changes = [f.name for f in FILES.table_changes if re.search(r"\bfunction\b", code(f))]
    assert changes == []


def test_no_file_grants_a_right() -> None:
    every = (*FILES.table_changes, *FILES.definitions)
    assert [f.name for f in every if re.search(r"^\s*(grant|revoke) ", code(f), re.M)] == []


def test_no_function_reads_what_another_role_owns() -> None:
    """`transform` owns the built zones and can put a view with a function in any place there."""
    found = {file.name: BUILT_ZONES.findall(code(file)) for file in FILES.definitions}
    assert {name: names for name, names in found.items() if names} == {}


def test_definer_has_a_fixed_search_path() -> None:
    definers = [file for file in FILES.functions if "security definer" in code(file)]
    assert len(definers) > 60
    fixed = "set search_path = pg_catalog, pg_temp"
    assert [file.name for file in definers if fixed not in code(file)] == []
