"""Queries of OData 4 over rows in memory, as far as both Dynamics of the sandbox understand them.

`$filter` with comparisons, `and`, `or` and brackets; `$orderby`, `$select` and pages. What is
not understood is refused, never ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any

Row = Mapping[str, Any]
Test = Callable[[Row], bool]
_WORDS = re.compile(r"\s*(\(|\)|[\w.]*'(?:[^']|'')*'|[^\s()]+)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")
OPERATORS = {"eq", "ne", "lt", "le", "gt", "ge"}
KNOWN = {"$filter", "$orderby", "$select", "$expand", "$top", "$skiptoken"}


class QueryError(Exception):
    """A query that the service does not understand."""


def compare(operator: str, left: Any, right: Any) -> bool:
    """Compare two values as `eq`, `ne`, `lt`, `le`, `gt` or `ge` does."""
    results: dict[str, bool] = {
        "eq": left == right,
        "ne": left != right,
        "lt": left < right,
        "le": left <= right,
        "gt": left > right,
        "ge": left >= right,
    }
    return results[operator]


def _fits(value: Any, pattern: str) -> bool:
    """Say whether a text fits a pattern in which a star stands for anything."""
    parts = ".*".join(re.escape(part) for part in pattern.split("*"))
    return isinstance(value, str) and re.fullmatch(parts, value) is not None


@dataclass
class _Parser:
    words: list[str]
    fields: frozenset[str]
    has_wildcards: bool = False

    def test(self) -> Test:
        made = self._any()
        if self.words:
            raise QueryError(f"{self.words[0]} is not expected")
        return made

    def _any(self) -> Test:
        sides = [self._all()]
        while self.words[:1] == ["or"]:
            self.words.pop(0)
            sides.append(self._all())
        return lambda row: any(side(row) for side in sides)

    def _all(self) -> Test:
        sides = [self._one()]
        while self.words[:1] == ["and"]:
            self.words.pop(0)
            sides.append(self._one())
        return lambda row: all(side(row) for side in sides)

    def _one(self) -> Test:
        if self.words[:1] == ["("]:
            self.words.pop(0)
            made = self._any()
            if self.words[:1] != [")"]:
                raise QueryError(") is missing")
            self.words.pop(0)
            return made
        if len(self.words) < 3:
            raise QueryError("a comparison is not complete")
        name, operator, text = (self.words.pop(0) for _ in range(3))
        if name not in self.fields:
            raise QueryError(f"no property {name}")
        if operator not in OPERATORS:
            raise QueryError(f"operator {operator}")
        value = _value(text)
        if self.has_wildcards and operator == "eq" and isinstance(value, str) and "*" in value:
            return lambda row: _fits(row[name], value)
        return lambda row: compare(operator, row[name], value)


def _value(text: str) -> Any:
    if text.endswith("'"):
        return text[text.index("'") + 1 : -1].replace("''", "'")
    if _DAY.fullmatch(text):
        return date.fromisoformat(text[:10])
    if text in {"true", "false"}:
        return text == "true"
    try:
        return Decimal(text)
    except ArithmeticError:
        raise QueryError(f"{text} is no literal") from None


def filtered(text: str, fields: frozenset[str], *, has_wildcards: bool = False) -> Test:
    """Return the test that a `$filter` makes. Raises QueryError."""
    words, place = [], 0
    while place < len(text.rstrip()):
        found = _WORDS.match(text, place)
        if found is None:
            raise QueryError("unreadable")
        words.append(found[1])
        place = found.end()
    return _Parser(words, fields, has_wildcards).test()


def select(
    rows: Sequence[Row],
    query: Mapping[str, str],
    fields: frozenset[str],
    *,
    has_wildcards: bool = False,
) -> list[Row]:
    """Return the rows that a query asks for, in its order. Raises QueryError."""
    unknown = {name for name in query if name.startswith("$")} - KNOWN
    if unknown:
        raise QueryError(f"option {sorted(unknown)[0]}")
    found = list(rows)
    if "$filter" in query:
        test = filtered(query["$filter"], fields, has_wildcards=has_wildcards)
        found = [row for row in found if test(row)]
    for term in reversed(query.get("$orderby", "").split(",")):
        name, _, way = term.strip().partition(" ")
        if name and name not in fields:
            raise QueryError(f"no property {name}")
        if name:
            found.sort(key=itemgetter(name), reverse=way == "desc")
    return found[: int(query["$top"])] if "$top" in query else found


def page(
    rows: Sequence[Row], query: Mapping[str, str], size: int
) -> tuple[Sequence[Row], str | None]:
    """Return one page of rows and the token of the next one, if there is one."""
    start = int(query.get("$skiptoken", "0"))
    after = start + size
    return rows[start:after], str(after) if after < len(rows) else None


def picked(row: Row, query: Mapping[str, str], fields: frozenset[str]) -> dict[str, Any]:
    """Return the properties of a row that `$select` names, or all of them. Raises QueryError."""
    names = [name.strip() for name in query.get("$select", "").split(",") if name.strip()]
    if not set(names) <= fields:
        raise QueryError("a selected property is not there")
    return {name: row[name] for name in names} if names else dict(row)
