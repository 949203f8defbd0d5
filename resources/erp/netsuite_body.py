"""Turns an entry into the body of a NetSuite journal, and refuses what NetSuite would not post.

The lists of accounts and segments are read by `netsuite.py`; sending is in `netsuite_journals.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from billing.ledger.erp import ErpPeriod, ErpRejected, JournalEntry, JournalLine, Reason
from billing.ledger.segments import UnmappedSegmentError
from resources.erp.netsuite_answers import Row, text, truth
from resources.erp.netsuite_settings import NetsuiteSettings


@dataclass(frozen=True)
class MasterData:
    """Internal ids of what lines name: accounts by number, segments by classification and name."""

    accounts: Mapping[str, str]
    segments: Mapping[str, Mapping[str, str]]


def usable(rows: Sequence[Row], name: str) -> dict[str, str]:
    """Return the internal id of each active row by a column; what is not unique is left out."""
    ids: dict[str, list[str]] = {}
    for row in rows:
        if not truth(row, "isinactive"):
            ids.setdefault(text(row, name), []).append(text(row, "id"))
    return {value: found[0] for value, found in ids.items() if len(found) == 1}


def check_names(settings: NetsuiteSettings, entry: JournalEntry) -> None:
    """Refuse what our own settings know no name for. Raises ErpRejected (MAPPING, TOO_LARGE)."""
    if len(entry.lines) > settings.max_lines:
        raise ErpRejected(Reason.TOO_LARGE, f"more than {settings.max_lines} lines")
    for line in entry.lines:
        _segments(settings, entry.entity, line)


def check_period(periods: Sequence[ErpPeriod], entry: JournalEntry) -> ErpPeriod:
    """Return the open period of the accounting date. Raises ErpRejected (PERIOD_CLOSED)."""
    for period in periods:
        if period.start <= entry.accounting_date <= period.end and period.is_open:
            return period
    raise ErpRejected(Reason.PERIOD_CLOSED, "no open period of the ERP has the accounting date")


def lacks(settings: NetsuiteSettings, entry: JournalEntry, known: MasterData) -> Reason | None:
    """Say what the ERP has not, of all that the lines name; None when it has everything."""
    names = settings.segments
    if any(names.account(entry.entity, line.account) not in known.accounts for line in entry.lines):
        return Reason.ACCOUNT_UNKNOWN
    for line in entry.lines:
        for theirs, value in _segments(settings, entry.entity, line).items():
            if value not in known.segments[theirs]:
                return Reason.MAPPING
    return None


def body_of(
    settings: NetsuiteSettings, entry: JournalEntry, period: ErpPeriod, known: MasterData
) -> dict[str, Any]:
    """Return the journal. Its period is named: without, NetSuite picks one where it is closed."""
    body: dict[str, Any] = {
        "externalId": entry.key,
        "subsidiary": _reference(str(settings.subsidiary(entry.entity))),
        "tranDate": entry.accounting_date.isoformat(),
        "postingPeriod": _reference(period.reference),
        "memo": entry.description,
        "approved": settings.approves,
        "line": {"items": [_line(settings, entry.entity, line, known) for line in entry.lines]},
    }
    return body | ({"currency": _reference(settings.currency)} if settings.currency else {})


def _line(
    settings: NetsuiteSettings, entity: str, line: JournalLine, known: MasterData
) -> dict[str, Any]:
    number = settings.segments.account(entity, line.account)
    side = {"debit": line.debit} if line.debit else {"credit": line.credit}
    segments = {
        theirs: _reference(known.segments[theirs][value])
        for theirs, value in _segments(settings, entity, line).items()
    }
    memo = {"memo": line.description} if line.description else {}
    return {"account": _reference(known.accounts[number]), **side, **memo, **segments}


def _segments(settings: NetsuiteSettings, entity: str, line: JournalLine) -> dict[str, str]:
    """Return the names of a line's segments by classification. Raises ErpRejected (MAPPING)."""
    found = {}
    for ours, theirs in settings.dimensions.items():
        try:
            value = settings.segments.segment(entity, ours, getattr(line, ours))
        except UnmappedSegmentError:
            raise ErpRejected(Reason.MAPPING, f"a {ours} has no segment in the ERP") from None
        if value:
            found[theirs] = value
    return found


def _reference(internal_id: str) -> dict[str, str]:
    return {"id": internal_id}
