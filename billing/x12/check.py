"""A file held to its own figures, without a database: what it says, what adds up, what does not.

The shape that `tieout x12 check --json` prints; no value of a document but counts and sums.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO

from billing.finding import Finding
from billing.x12.reader import Read, X12File, in_order
from billing.x12.source import Source
from billing.x12.tally import Tally, tallies_of


def check(content: BinaryIO | bytes, name: str) -> dict[str, Any]:
    """Return what a file holds and what is wrong with it; amounts as text with two decimals."""
    source = Source(content)
    file = X12File(source)
    seen = Seen()
    tallies = tallies_of(seen.all_of(file.documents()))
    rest = file.rest()
    return {
        "file": name,
        "sha256": source.sha256(),
        "segments": rest.segments,
        "accounted": seen.accounted + (rest.accounted or 0),
        "interchanges": sum(item.has_header for item in file.framed.interchanges),
        "transactions": [_transaction(one) for one in tallies],
        "findings": [_finding(one) for one in in_order([*seen.findings, *rest.findings])],
    }


@dataclass
class Seen:
    """What is kept of the documents of a file that pass by."""

    accounted: int = 0
    findings: list[Finding] = field(default_factory=list)

    def all_of(self, reads: Iterable[Read]) -> Iterator[Read]:
        """Pass the documents on."""
        for read in reads:
            self.accounted += read.accounted
            self.findings += read.findings
            yield read


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
    return {
        "code": one.code, "severity": one.severity, "segment": one.segment,
        "rule": one.rule, "message": one.message,
    }  # fmt: skip
