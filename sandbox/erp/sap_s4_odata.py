"""OData version 2 as SAP's gateway speaks it: entity sets, the queries on them, and its errors.

As strict as the services are documented: an unknown field, option or literal is refused.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from sandbox.erp.sap_s4_books import CompanyCode

Row = dict[str, Any]
Test = Callable[[Row], bool]
ROOT = "/sap/opu/odata/sap/"
OPTIONS = {"$filter", "$select", "$orderby", "$top", "$skip", "$format", "$inlinecount"}
COMPARE = {
    "eq": operator.eq, "ne": operator.ne, "ge": operator.ge, "gt": operator.gt,
    "le": operator.le, "lt": operator.lt,
}  # fmt: skip
TOKEN = re.compile(r"\s*(\(|\)|datetime'[^']*'|'(?:[^']|'')*'|[A-Za-z0-9_]+)")
NUMBERS = {"GLAccount", "ProfitCenter", "AccountingDocument"}  # zeros in front do not count


class BadQueryError(Exception):
    """A query that the gateway refuses; the text is its message."""


def entity_sets(companies: Sequence[CompanyCode]) -> dict[str, list[Row]]:
    """Return the rows of every entity set, by service and name."""
    return {
        "API_OPLACCTGDOCITEMCUBE_SRV/A_OperationalAcctgDocItemCube": [
            row for company in companies for row in company.items()
        ],
        "API_GLACCOUNTINCHARTOFACCOUNTS_SRV/A_GLAccountInChartOfAccounts": [
            row for company in companies for row in company.accounts()
        ],
        "API_PROFITCENTER_SRV/A_ProfitCenter": _values(companies, "ProfitCenter"),
        "API_SEGMENT_SRV/A_Segment": _values(companies, "Segment"),
        "API_FUNCTIONALAREA_SRV/A_FunctionalArea": _values(companies, "FunctionalArea"),
    }


def answer(rows: list[Row], query: str, most: int) -> bytes:
    """Return the JSON of a query's rows, at most `most` of them. Raises BadQueryError."""
    options = _options(query)
    if options.get("$format") != "json":
        raise BadQueryError("this sandbox writes no Atom: ask for $format=json")
    known = set(rows[0]) if rows else None
    test = Filter(options["$filter"], known).test if "$filter" in options else _all
    found = [row for row in rows if test(row)]
    for name in reversed(_fields(options.get("$orderby", ""), known)):
        found.sort(key=operator.itemgetter(name))
    skip, top = _count(options, "$skip", 0), _count(options, "$top", len(found))
    wanted = found[skip : skip + top]
    page = wanted[:most]
    names = _fields(options.get("$select", ""), known)
    data: dict[str, Any] = {"results": [_written(row, names) for row in page]}
    if len(wanted) > most:
        data["__next"] = f"?{query}&$skiptoken={skip + most}"
    return json.dumps({"d": data}).encode()


def error(code: str, text: str) -> bytes:
    """Return the body of an error of the gateway."""
    message = {"lang": "en", "value": text}
    return json.dumps({"error": {"code": code, "message": message, "innererror": {}}}).encode()


class Filter:
    """A condition: comparisons of fields with literals, joined by `and`, `or` and brackets."""

    def __init__(self, text: str, known: set[str] | None) -> None:
        """`known`: the fields of the entity; None where it is empty. Raises BadQueryError."""
        self._tokens, self._known = list(_tokens(text)), known
        self.test = self._either()
        if self._tokens:
            raise BadQueryError("Invalid token detected in the filter")

    def _either(self) -> Test:
        tests = [self._both()]
        while self._tokens[:1] == ["or"]:
            self._next()
            tests.append(self._both())
        return lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._tokens[:1] == ["and"]:
            self._next()
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        name = self._next()
        if name == "(":
            test = self._either()
            if self._next() != ")":
                raise BadQueryError("A bracket is not closed")
            return test
        _check_name(name, self._known)
        compare = COMPARE.get(self._next())
        if compare is None:
            raise BadQueryError("Unknown operator in the filter")
        value = _literal(name, self._next())
        return lambda row: bool(compare(_compared(name, row[name], value), value))

    def _next(self) -> str:
        if not self._tokens:
            raise BadQueryError("The filter ends too early")
        return self._tokens.pop(0)


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while place < len(text.rstrip()):
        found = TOKEN.match(text, place)
        if found is None:
            raise BadQueryError("Invalid token detected in the filter")
        place = found.end()
        yield found[1]


def _literal(name: str, word: str) -> Any:
    if word in {"true", "false"}:
        return word == "true"
    if word.startswith("datetime'"):
        try:
            return datetime.strptime(word[9:-1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).date()
        except ValueError:
            raise BadQueryError("Invalid datetime literal") from None
    if word.startswith("'"):
        text = word[1:-1].replace("''", "'")
        return text.lstrip("0") if name in NUMBERS else text
    raise BadQueryError("Invalid literal in the filter")


def _compared(name: str, held: Any, value: Any) -> Any:
    """Return a field for a comparison. Raises BadQueryError for a literal of another type."""
    if type(held) is not type(value):
        raise BadQueryError(f"Operands of the comparison with {name} are of different types")
    return held.lstrip("0") if name in NUMBERS else held


def _options(query: str) -> dict[str, str]:
    if "+" in query:
        raise BadQueryError("a plus sign is no blank here")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    options = {unquote(name): unquote(value) for name, _, value in pairs}
    if not set(options) <= OPTIONS or len(options) != len(pairs):
        raise BadQueryError("Unknown or repeated system query option")
    return options


def _fields(text: str, known: set[str] | None) -> list[str]:
    names = text.split(",") if text else []
    for name in names:
        _check_name(name, known)
    return names


def _check_name(name: str, known: set[str] | None) -> None:
    if known is not None and name not in known:
        raise BadQueryError(f"Property {name} not found in type")


def _count(options: Mapping[str, str], name: str, default: int) -> int:
    text = options.get(name, str(default))
    if not text.isdecimal():
        raise BadQueryError(f"Invalid value for {name}")
    return int(text)


def _written(row: Row, names: Sequence[str]) -> Row:
    return {name: _value(row[name]) for name in names or row}


def _value(value: Any) -> Any:
    """Return a value as OData version 2 writes it: days in milliseconds, decimals as strings."""
    if isinstance(value, date):
        midnight = datetime(value.year, value.month, value.day, tzinfo=UTC)
        return f"/Date({int(midnight.timestamp()) * 1000})/"
    return str(value) if isinstance(value, Decimal) else value


def _values(companies: Sequence[CompanyCode], name: str) -> list[Row]:
    rows: list[Row] = []
    for company in companies:
        rows += [row for row in company.values(name) if row not in rows]
    return rows


def _all(row: Row) -> bool:
    del row
    return True
