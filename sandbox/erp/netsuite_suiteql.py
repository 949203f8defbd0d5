"""The SuiteQL that this sandbox understands: a few fixed statements, everything else is refused.

It also refuses a statement without ORDER BY, which NetSuite takes and then answers with pages that
repeat and skip rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.erp.books import BookLine, Document
from sandbox.erp.netsuite_books import CLASSIFICATIONS, NetsuiteBooks
from sandbox.erp.netsuite_errors import NetsuiteError

Row = dict[str, str]
Line = tuple[str, Document, int, BookLine]
PRIMARY_BOOK = "1"
_TEXT = r"'(?:[^']|'')*'"
_HOLES = {
    "<text>": f"({_TEXT})",
    "<texts>": f"({_TEXT}(?:, {_TEXT})*)",
    "<number>": r"(\d+)",
    "<day>": r"TO_DATE\('(\d{4}-\d\d-\d\d)', 'YYYY-MM-DD'\)",
    "<table>": r"(location|classification|department)",
    "<names>": r"((?:, s_\w+\.name AS \w+)*)",
    "<joins>": r"((?: LEFT JOIN \w+ s_\w+ ON s_\w+\.id = tl\.\w+)*)",
}
_LINES = (
    "FROM transaction t JOIN transactionline tl ON tl.transaction = t.id JOIN"
    " transactionaccountingline tal ON tal.transaction = tl.transaction AND"
    " tal.transactionline = tl.id JOIN account a ON a.id = tal.account"
)


def _shape(statement: str) -> re.Pattern[str]:
    parts = re.split(r"(<\w+>)", statement)
    return re.compile("".join(_HOLES.get(part, re.escape(part)) for part in parts))


def _day(column: str) -> str:
    return f"TO_CHAR({column}, 'YYYY-MM-DD')"


DOCUMENT = _shape(
    f"SELECT t.id AS id, t.tranid AS tranid, t.externalid AS externalid, t.posting AS posting,"
    f" {_day('t.trandate')} AS trandate, {_day('ap.startdate')} AS periodstart,"
    f" {_day('ap.enddate')} AS periodend, a.acctnumber AS acctnumber, tal.debit AS debit,"
    f" tal.credit AS credit, tl.memo AS memo, t.memo AS documentmemo<names>"
    f" {_LINES}"
    f" LEFT JOIN accountingperiod ap ON ap.id = t.postingperiod<joins>"
    f" WHERE t.type = 'Journal' AND t.externalid = <text> AND tl.subsidiary = <number>"
    f" AND tal.accountingbook = <number> ORDER BY t.id, tl.linesequencenumber"
)
BALANCES = _shape(
    f"SELECT a.acctnumber AS acctnumber, SUM(NVL(tal.debit, 0)) AS debit,"
    f" SUM(NVL(tal.credit, 0)) AS credit {_LINES} WHERE tal.posting = 'T'"
    f" AND tl.subsidiary = <number> AND tal.accountingbook = <number> AND t.trandate <= <day>"
    f" GROUP BY a.acctnumber ORDER BY a.acctnumber"
)
LINES_ON = _shape(
    f"SELECT t.id AS id, t.externalid AS externalid, {_day('t.trandate')} AS trandate,"
    f" a.acctnumber AS acctnumber, tal.debit AS debit, tal.credit AS credit {_LINES}"
    f" WHERE tal.posting = 'T' AND tl.subsidiary = <number> AND tal.accountingbook = <number>"
    f" AND t.trandate >= <day> AND a.acctnumber IN (<texts>) ORDER BY tl.uniquekey"
)
ACCOUNTS = _shape(
    "SELECT a.id AS id, a.acctnumber AS acctnumber, a.isinactive AS isinactive FROM account a"
    " WHERE a.acctnumber IS NOT NULL ORDER BY a.id"
)
SEGMENTS = _shape(
    "SELECT s.id AS id, s.name AS name, s.isinactive AS isinactive FROM <table> s ORDER BY s.id"
)
PERIODS = _shape(
    "SELECT ap.id AS id, TO_CHAR(ap.startdate, 'YYYY-MM-DD') AS startdate,"
    " TO_CHAR(ap.enddate, 'YYYY-MM-DD') AS enddate, ap.closed AS closed,"
    " ap.alllocked AS alllocked FROM accountingperiod ap"
    " WHERE ap.isyear = 'F' AND ap.isquarter = 'F' AND ap.isadjust = 'F'"
    " ORDER BY ap.startdate, ap.id"
)


class SuiteQl:
    """Answers the statements from the books."""

    def __init__(self, books: NetsuiteBooks) -> None:
        self._books = books
        self._statements: list[tuple[re.Pattern[str], Callable[..., list[Row]]]] = [
            (DOCUMENT, self._document),
            (BALANCES, self._balances),
            (LINES_ON, self._lines_on),
            (ACCOUNTS, self._accounts),
            (SEGMENTS, self._segments),
            (PERIODS, self._periods),
        ]

    def rows(self, query: str) -> list[Row]:
        """Return all rows of a statement. Raises NetsuiteError for one that is not known."""
        if "ORDER BY" not in query:
            raise _refused("a statement that is paged needs an ORDER BY")
        for shape, answer in self._statements:
            found = shape.fullmatch(query)
            if found is not None:
                return answer(*found.groups())
        raise _refused("the statement is not one that this sandbox knows")

    def _document(self, names: str, joins: str, key: str, subsidiary: str, book: str) -> list[Row]:
        columns = _joined(names, joins)
        lines = [one for one in self._lines(subsidiary, book) if one[1].key == _unquoted(key)]
        lines.sort(key=lambda one: (int(one[0]), one[2]))
        return [self._document_row(*line, columns) for line in lines]

    def _document_row(
        self, number: str, document: Document, _: int, line: BookLine, columns: dict[str, str]
    ) -> Row:
        month = self._books.posting_month(number, document)
        period = next(one for one in self._books.periods() if one[1] == month)
        segments = dict(line.segments)
        return _row(
            id=number,
            tranid=f"JE{number}",
            externalid=document.key,
            posting=_flag(is_set=document.is_posted),
            trandate=document.day.isoformat(),
            periodstart=period[1].isoformat(),
            periodend=period[2].isoformat(),
            acctnumber=line.account,
            debit=_amount(line.debit),
            credit=_amount(line.credit),
            memo=line.text,
            documentmemo=document.text,
            **{column: segments.get(theirs, "") for column, theirs in columns.items()},
        )

    def _balances(self, subsidiary: str, book: str, day: str) -> list[Row]:
        sums: dict[str, list[Decimal]] = {}
        for _, document, _, line in self._lines(subsidiary, book):
            if document.is_posted and document.day <= date.fromisoformat(day):
                both = sums.setdefault(line.account, [Decimal(0), Decimal(0)])
                both[0] += line.debit
                both[1] += line.credit
        return [
            {"acctnumber": account, "debit": _number(both[0]), "credit": _number(both[1])}
            for account, both in sorted(sums.items())
        ]

    def _lines_on(self, subsidiary: str, book: str, day: str, accounts: str) -> list[Row]:
        wanted = {_unquoted(literal) for literal in re.findall(_TEXT, accounts)}
        lines = [
            one
            for one in self._lines(subsidiary, book)
            if one[1].is_posted
            and one[1].day >= date.fromisoformat(day)
            and one[3].account in wanted
        ]
        lines.sort(key=lambda one: (int(one[0]), one[2]))
        return [
            _row(
                id=number,
                externalid=document.key,
                trandate=document.day.isoformat(),
                acctnumber=line.account,
                debit=_amount(line.debit),
                credit=_amount(line.credit),
            )
            for number, document, _, line in lines
        ]

    def _lines(self, subsidiary: str, book: str) -> list[Line]:
        if book != PRIMARY_BOOK:
            return []
        return [
            (number, document, place, line)
            for number, owner, document in self._books.documents()
            if owner == subsidiary
            for place, line in enumerate(document.lines)
        ]

    def _accounts(self) -> list[Row]:
        listed = sorted(self._books.accounts(), key=lambda one: int(one[0]))
        return [_listed("acctnumber", *one) for one in listed]

    def _segments(self, table: str) -> list[Row]:
        (theirs,) = [name for name, found in CLASSIFICATIONS.items() if found == table]
        listed = sorted(self._books.segments(theirs), key=lambda one: int(one[0]))
        return [_listed("name", *one) for one in listed]

    def _periods(self) -> list[Row]:
        return [
            {
                "id": number,
                "startdate": start.isoformat(),
                "enddate": end.isoformat(),
                "closed": _flag(is_set=is_closed),
                "alllocked": _flag(is_set=is_locked),
            }
            for number, start, end, is_closed, is_locked in self._books.periods()
        ]


def _joined(names: str, joins: str) -> dict[str, str]:
    """Return the classification of each column; one that is not joined is no statement."""
    aliases = {
        alias: theirs
        for table, alias, joined, theirs in re.findall(
            r"LEFT JOIN (\w+) s_(\w+) ON s_(\w+)\.id = tl\.(\w+)", joins
        )
        if alias == joined and CLASSIFICATIONS.get(theirs) == table
    }
    columns = {column: alias for alias, column in re.findall(r"s_(\w+)\.name AS (\w+)", names)}
    if not set(columns.values()) <= set(aliases) or joins.count("JOIN") != len(aliases):
        raise _refused("unknown identifier")
    return {column: aliases[alias] for column, alias in columns.items()}


def _refused(why: str) -> NetsuiteError:
    text = f"Invalid search query. Detailed unprocessed description follows. {why}."
    return NetsuiteError(400, "INVALID_PARAMETER", text, errorQueryParam="q")


def _listed(column: str, number: str, name: str, is_active: bool) -> Row:
    return {"id": number, column: name, "isinactive": _flag(is_set=not is_active)}


def _row(**columns: str) -> Row:
    """Return a row; NetSuite leaves out what is null, and an empty text is null to it."""
    return {name: value for name, value in columns.items() if value != ""}


def _amount(value: Decimal) -> str:
    return _number(value) if value else ""


def _number(value: Decimal) -> str:
    """Return a number as text and without zeros at its end."""
    return format(value.normalize(), "f")


def _flag(*, is_set: bool) -> str:
    return "T" if is_set else "F"


def _unquoted(literal: str) -> str:
    return literal[1:-1].replace("''", "'")


def page_of(rows: list[Row], limit: int, offset: int, url: str) -> dict[str, Any]:
    """Return a page as NetSuite shows it."""
    shown = rows[offset : offset + limit]
    return {
        "links": [{"rel": "self", "href": f"{url}?limit={limit}&offset={offset}"}],
        "count": len(shown),
        "hasMore": offset + limit < len(rows),
        "items": [{"links": [], **row} for row in shown],
        "offset": offset,
        "totalResults": len(rows),
    }
