"""The files of `schema/`: what stands in them, and in which order it is applied.

Reads and names; nothing here talks to a database. `schema/README.md` describes the folder.
"""

import functools
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

SCHEMA = Path(__file__).parents[1] / "schema"
SCHEMAS = ("raw", "ops", "ledger")
_DEFINITION = re.compile(r"^create or replace (function|view) ([a-z_]+\.[a-z0-9_]+)", re.M)
_NAME = re.compile(r"\b(?:raw|ops|ledger)\.[a-z0-9_]+")
_PREFIX = re.compile(r":prefix(?=_)")


@dataclass(frozen=True)
class SchemaFile:
    """One file of `schema/`: `name` is a table change's number and subject, or an object."""

    kind: str  # table change, function, view, triggers
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """The hash of the file's text, in which `:prefix` stands for the installation's prefix."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self, prefix: str) -> str:
        """Return the SQL with the role names of an installation."""
        return _PREFIX.sub(prefix, self.text)


@dataclass(frozen=True)
class SchemaFiles:
    """All files: table changes by number, functions, views after what they read, triggers."""

    table_changes: tuple[SchemaFile, ...]
    functions: tuple[SchemaFile, ...]
    views: tuple[SchemaFile, ...]
    triggers: tuple[SchemaFile, ...]

    @property
    def definitions(self) -> tuple[SchemaFile, ...]:
        """What is applied again when it changes: all but the history of tables."""
        return self.functions + self.views + self.triggers

    @property
    def newest_version(self) -> str:
        """The number of the newest table change."""
        return version_of(change.name for change in self.table_changes) or ""


def version_of(names: Iterable[str]) -> str | None:
    """Return the highest number of some table changes, None where there is none."""
    return max((name[:4] for name in names), default=None)


@functools.cache
def read_schema(folder: Path = SCHEMA) -> SchemaFiles:
    """Read all files of a schema folder once. Raises ValueError for a file that defines no object.

    A file is named after the one object that it defines: `ledger/gate/hold.sql` is `ledger.hold`.
    """
    changes = [
        SchemaFile("table change", path.stem, path.read_text())
        for path in sorted((folder / "tables").glob("[0-9]*.sql"))
    ]
    triggers = [
        SchemaFile("triggers", path.stem, path.read_text())
        for path in sorted((folder / "triggers").glob("*.sql"))
    ]
    found = [
        _definition(path) for schema in SCHEMAS for path in sorted((folder / schema).rglob("*.sql"))
    ]
    functions = [one for one in found if one.kind == "function"]
    views = {one.name: one for one in found if one.kind == "view"}
    return SchemaFiles(tuple(changes), tuple(functions), tuple(_in_order(views)), tuple(triggers))


def _definition(path: Path) -> SchemaFile:
    text = path.read_text()
    if not (found := _DEFINITION.findall(text)):
        raise ValueError(f"{path.name} defines no function and no view")
    ((kind, name), *_) = found
    return SchemaFile(kind, name, text)


def _in_order(views: Mapping[str, SchemaFile]) -> list[SchemaFile]:
    """Put each view after the views that it reads."""
    reads = {
        name: {word for word in _NAME.findall(view.text) if word in views and word != name}
        for name, view in views.items()
    }
    return [views[name] for name in TopologicalSorter(reads).static_order()]
