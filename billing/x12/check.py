"""A file held to its own figures, without a database: what it says, what adds up, what does not.

The shape that `tieout x12 check --json` prints; no value of a document but counts and sums.
"""

from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Any

from billing.parsed import Finding
from billing.x12.envelope import read_envelopes
from billing.x12.framing import frame
from billing.x12.reader import documents, read_x12
from billing.x12.tally import Tally, tally


def check(content: bytes, name: str) -> dict[str, Any]:
    """Return what a file holds and what is wrong with it; amounts as text with two decimals."""
    parsed = read_x12(content)
    framed = frame(content)
    transactions, _, _ = read_envelopes(framed.interchanges)
    tallies = [one for document in documents(transactions) for one in tally(document)]
    return {
        "file": name,
        "sha256": sha256(content).hexdigest(),
        "segments": parsed.segments,
        "accounted": parsed.accounted,
        "interchanges": sum(item.has_header for item in framed.interchanges),
        "transactions": [
            _transaction(one) for one in sorted(tallies, key=lambda one: one.transaction.number)
        ],
        "findings": [_finding(one) for one in parsed.findings],
    }


def _transaction(one: Tally) -> dict[str, Any]:
    return {
        "set": one.transaction.set_id,
        "version": one.transaction.version,
        **dict(_figures(one)),
    }


def _figures(one: Tally) -> Iterator[tuple[str, Any]]:
    for name in (
        "claims",
        "service_lines",
        "adjustments",
        "provider_adjustments",
        "statuses",
        "benefits",
    ):
        yield name, getattr(one, name)
    for name in (
        "charge",
        "paid",
        "patient_responsibility",
        "line_charge",
        "line_paid",
        "provider_adjusted",
        "payment",
    ):
        yield name, _amount(getattr(one, name))
    yield "adjusted", {group: _amount(value) for group, value in sorted(one.adjusted.items())}
    yield "off_balance", one.off_balance


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def _finding(one: Finding) -> dict[str, Any]:
    return {"code": one.code, "severity": one.severity, "segment": one.segment}
