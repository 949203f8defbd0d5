"""Interchange, group and transaction envelopes: who sent what to whom, and whether it is whole.

Counts and control numbers that do not agree are warnings: the money inside is judged by its
own balances. What a transaction says is read elsewhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from billing.parsed import Finding
from billing.x12 import rules
from billing.x12.content import content_hash
from billing.x12.framing import ELEMENT, SEGMENT, Interchange
from billing.x12.rules import Rule, finding
from billing.x12.values import parse_date

_CONTROL = frozenset({"ISA", "IEA", "GS", "GE", "ST", "SE", "TA1", "ISB", "ISE"})
_CONTROL_STARTS = tuple(name.encode()[0] << 8 | name.encode()[1] for name in sorted(_CONTROL))
_MONEY = frozenset({"BPR", "CLP", "SVC", "CAS", "PLB", "CLM", "SV1", "SV2", "SV3"})
_ISA_WIDTHS = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)


@dataclass(frozen=True)
class Transaction:
    """One ST to SE (or a TA1), `segment` being the ordinal of its first segment in the file.

    `body` holds its segments in canonical form; `is_closed` is False where SE is missing.
    """

    number: int
    segment: int
    set_id: str
    version: str | None
    interchange_control: str | None
    group_control: str | None
    control: str | None
    sender_id: str | None
    receiver_id: str | None
    interchange_date: date | None
    segment_count: int
    body: bytes
    is_closed: bool

    @cached_property
    def content_hash(self) -> str:
        """The identity of what stands between ST and SE, whatever envelope it came in."""
        return content_hash(self.content())

    def content(self) -> bytes:
        """Return what stands between ST and SE, both left out (a TA1: itself)."""
        if self.set_id == "TA1":
            return self.body
        start = self.body.index(SEGMENT) + 1
        end = self.body.rindex(SEGMENT, 0, -1) + 1 if self.is_closed else len(self.body)
        return self.body[start : max(start, end)]


@dataclass
class _Walk:
    """Where the walk through one interchange stands."""

    body: bytes
    starts: npt.NDArray[np.int64]
    offset: int
    number: int
    isa: list[str] = field(default_factory=list)
    group: list[str] = field(default_factory=list)
    opened: int | None = None
    group_segment: int = 0
    group_transactions: int = 0
    groups: int = 0
    is_closed: bool = False
    cursor: int = 0
    transactions: list[Transaction] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def report(self, rule: Rule, index: int) -> None:
        self.findings.append(finding(rule, self.offset + index + 1))


def read_envelopes(
    interchanges: Iterable[Interchange],
) -> tuple[list[Transaction], list[Finding], int]:
    """Return the transactions of a file, the findings on its envelopes and its segment count."""
    transactions: list[Transaction] = []
    findings: list[Finding] = []
    segments = 0
    for interchange in interchanges:
        walk = _walk(interchange, segments, len(transactions))
        transactions += walk.transactions
        findings += walk.findings
        segments += len(walk.starts)
    return transactions, findings, segments


def segment_starts(body: bytes) -> npt.NDArray[np.int64]:
    """Return the byte offset of every segment of a canonical body."""
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == SEGMENT[0])
    return np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1]) if len(ends) else ends


def _walk(interchange: Interchange, offset: int, number: int) -> _Walk:
    walk = _Walk(interchange.body, segment_starts(interchange.body), offset, number)
    if not interchange.has_header:
        walk.report(rules.ISA_MISSING, 0)
    for index, fields in _control_segments(walk):
        _step(walk, index, fields)
    _outside(walk, len(walk.starts))
    _close_transaction(walk, len(walk.starts), None)
    _close_group(walk, len(walk.starts), None)
    if walk.isa and not walk.is_closed:
        walk.report(rules.IEA_MISSING, len(walk.starts) - 1)
    return walk


def _control_segments(walk: _Walk) -> Iterator[tuple[int, list[str]]]:
    """Yield (index, elements) of each segment that belongs to an envelope."""
    data = np.frombuffer(walk.body, np.uint8).astype(np.uint16)
    first_two = (data[walk.starts] << 8) | data[np.minimum(walk.starts + 1, len(data) - 1)]
    for index in np.flatnonzero(np.isin(first_two, _CONTROL_STARTS)).tolist():
        start = int(walk.starts[index])
        raw = walk.body[start : walk.body.index(SEGMENT, start)]
        name, *elements = [part.decode("latin-1") for part in raw.split(ELEMENT)]
        fields = [name, *(element.strip() for element in elements)]
        if name == "ISA" and not walk.isa:
            _check_isa_widths(walk, index, raw)
        if name in _CONTROL:
            yield index, fields


def _check_isa_widths(walk: _Walk, index: int, raw: bytes) -> None:
    if tuple(len(part) for part in raw.split(ELEMENT)) != _ISA_WIDTHS:
        walk.report(rules.ISA_LENGTH, index)


def _step(walk: _Walk, index: int, fields: list[str]) -> None:
    name = fields[0]
    if name != "SE":
        _outside(walk, index)
        _close_transaction(walk, index, None)
    if name == "ISA":
        walk.isa = fields
    elif name == "ST":
        walk.opened = index
    elif name == "SE":
        _end_transaction(walk, index, fields)
    elif name == "GS":
        _close_group(walk, index, None)
        walk.group, walk.group_segment, walk.group_transactions = fields, index, 0
        walk.groups += 1
    elif name == "GE":
        _close_group(walk, index, fields)
    elif name == "IEA":
        _close_interchange(walk, index, fields)
    elif name == "TA1":
        _add(walk, index, index + 1, fields, is_closed=True)
    walk.cursor = index + 1


def _end_transaction(walk: _Walk, index: int, fields: list[str]) -> None:
    if walk.opened is None:
        _outside(walk, index)
        walk.report(rules.OUTSIDE_TRANSACTION, index)
    _close_transaction(walk, index + 1, fields)


def _outside(walk: _Walk, index: int) -> None:
    """Report the segments since the last control segment that stand in no transaction."""
    if walk.opened is not None or index <= walk.cursor:
        return
    names = [
        walk.body[start : start + 3].decode("latin-1")
        for start in walk.starts[walk.cursor : index].tolist()
    ]
    has_money = any(name in _MONEY for name in names)
    rule = rules.MONEY_OUTSIDE_TRANSACTION if has_money else rules.OUTSIDE_TRANSACTION
    walk.report(rule, walk.cursor)


def _close_transaction(walk: _Walk, end: int, trailer: list[str] | None) -> None:
    if walk.opened is None:
        return
    start, walk.opened = walk.opened, None
    header = _elements(walk, start)
    _add(walk, start, end, header, is_closed=trailer is not None)
    if trailer is None:
        walk.report(rules.TRUNCATED, end - 1)
        return
    if _number(trailer, 1) != end - start:
        walk.report(rules.SE_COUNT_OFF, end - 1)
    if _at(trailer, 2) != _at(header, 2):
        walk.report(rules.SE_CONTROL_OFF, end - 1)


def _add(walk: _Walk, start: int, end: int, header: list[str], *, is_closed: bool) -> None:
    is_set = header[0] == "ST"
    walk.group_transactions += is_set
    walk.number += 1
    walk.transactions.append(
        Transaction(
            number=walk.number,
            segment=walk.offset + start + 1,
            set_id=(_at(header, 1) or "?") if is_set else header[0],
            version=(_at(header, 3) or _at(walk.group, 8)) if is_set else _at(walk.isa, 12),
            interchange_control=_at(walk.isa, 13),
            group_control=_at(walk.group, 6),
            control=_at(header, 2) if is_set else _at(header, 1),
            sender_id=_at(walk.isa, 6) or _at(walk.group, 2),
            receiver_id=_at(walk.isa, 8) or _at(walk.group, 3),
            interchange_date=parse_date(_at(walk.isa, 9) or _at(walk.group, 4)),
            segment_count=end - start,
            body=_slice(walk, start, end),
            is_closed=is_closed,
        )
    )


def _close_group(walk: _Walk, index: int, trailer: list[str] | None) -> None:
    if not walk.group:
        if trailer is not None:
            walk.report(rules.OUTSIDE_TRANSACTION, index)
        return
    if trailer is None:
        walk.report(rules.GE_MISSING, max(index - 1, 0))
    elif _number(trailer, 1) != walk.group_transactions:
        walk.report(rules.GE_COUNT_OFF, index)
    if trailer is not None and not _same_control(_at(trailer, 2), _at(walk.group, 6)):
        walk.report(rules.GE_CONTROL_OFF, index)
    walk.group = []


def _close_interchange(walk: _Walk, index: int, trailer: list[str]) -> None:
    _close_group(walk, index, None)
    if _number(trailer, 1) != walk.groups and walk.isa:
        walk.report(rules.IEA_COUNT_OFF, index)
    if walk.isa and not _same_control(_at(trailer, 2), _at(walk.isa, 13)):
        walk.report(rules.IEA_CONTROL_OFF, index)
    walk.is_closed = True


def _elements(walk: _Walk, index: int) -> list[str]:
    raw = _slice(walk, index, index + 1)[:-1]
    return [part.decode("latin-1").strip() for part in raw.split(ELEMENT)]


def _slice(walk: _Walk, start: int, end: int) -> bytes:
    last = int(walk.starts[end]) if end < len(walk.starts) else len(walk.body)
    return walk.body[int(walk.starts[start]) : last]


def _at(fields: list[str], index: int) -> str | None:
    return (fields[index] or None) if len(fields) > index else None


def _number(fields: list[str], index: int) -> int | None:
    value = _at(fields, index)
    return int(value) if value is not None and value.isascii() and value.isdigit() else None


def _same_control(left: str | None, right: str | None) -> bool:
    """Control numbers are numbers: leading zeros do not make them differ."""
    if left is None or right is None:
        return left == right
    return left.lstrip("0") == right.lstrip("0")
