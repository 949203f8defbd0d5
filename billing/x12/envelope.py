"""Interchange, group and transaction envelopes: who sent what to whom, and whether it is whole.

Counts and control numbers that do not agree are warnings: the money inside is judged by its
own balances. What a transaction says is read elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from billing.finding import Finding
from billing.x12 import rules
from billing.x12.content import ContentHash
from billing.x12.limits import Passed
from billing.x12.rules import Rule, finding
from billing.x12.segments import CONTROL, Block
from billing.x12.values import parse_date

_MONEY = frozenset({"BPR", "CLP", "SVC", "CAS", "PLB", "CLM", "SV1", "SV2", "SV3"})
_COUNT_DIGITS = (
    18  # a count of more digits counts nothing, and Python refuses to read 4,301 of them
)
_ISA_WIDTHS = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)


@dataclass(slots=True)
class Totals:
    """What the portions of a transaction hold together, as far as they have been read."""

    payments: int = 0
    claims: int = 0
    provider_adjustments: int = 0
    claim_paid_cents: int = 0
    is_claim_paid_known: bool = True
    provider_adjusted_cents: int = 0
    is_provider_adjusted_known: bool = True


@dataclass(eq=False, slots=True)
class Transaction:
    """One ST to SE (or a TA1), `segment` being the ordinal of its first segment in the file.

    Count, hash and totals are whole when its last segment has been read; `is_closed`: by SE;
    `is_abandoned`: from some place on it was not read.
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
    segment_count: int = 0
    is_closed: bool = False
    is_abandoned: bool = False
    totals: Totals = field(default_factory=Totals)
    content: ContentHash = field(default_factory=ContentHash)


@dataclass(frozen=True)
class Stretch:
    """The next segments of a transaction, `segment` being the ordinal of the first.

    With `is_end` nothing of the transaction follows; the stretch itself may be empty then.
    """

    transaction: Transaction
    body: bytes
    segment: int
    count: int
    is_end: bool = False


class Walk:
    """The walk through one interchange, block after block."""

    def __init__(self, passed: Passed, *, has_header: bool) -> None:
        """`passed`: what the file had before, counted on here."""
        self.passed = passed
        self.findings: list[Finding] = []
        self._isa: list[str] = []
        self._group: list[str] | None = None
        self._group_transactions = self._groups = 0
        self._open: Transaction | None = None
        self._outside: tuple[int, bool] | None = None
        self._is_closed = False
        if not has_header:
            self._report(rules.ISA_MISSING, 0)

    def feed(self, body: bytes) -> Iterator[Stretch]:
        """Take the next whole segments; yield what of them stands in transactions."""
        block, room = Block(body), self.passed.room
        is_beyond = len(block) > room
        if is_beyond:
            block = Block(block.slice(0, room))
        cursor = 0
        for index in block.controls():
            written = block.elements(index)
            fields = [written[0], *(element.strip() for element in written[1:])]
            if fields[0] not in CONTROL:
                continue
            if not self.passed.takes(fields[0]):
                block = Block(block.slice(0, index))
                break
            if fields[0] == "ISA" and not self._isa:
                self._check_widths(index, written)
            yield from self._step(block, cursor, index, fields)
            cursor = index + (fields[0] != "ST")
        yield from self._take(block, cursor, len(block))
        self.passed.segments += len(block)
        if is_beyond:
            self.passed.stop("segments")
        if self.passed.excess:
            self._report(self.passed.excess, 0)

    def finish(self) -> Iterator[Stretch]:
        """Report what the interchange leaves open at its end."""
        self._end_outside()
        yield from self._break_off(0)
        if self.passed.excess:
            return
        self._close_group(0, None)
        if self._isa and not self._is_closed:
            self._report(rules.IEA_MISSING, -1)

    def _step(self, block: Block, cursor: int, index: int, fields: list[str]) -> Iterator[Stretch]:
        """Take what stands before a control segment, then the segment itself."""
        name = fields[0]
        if name == "SE" and self._open is not None:
            yield from self._take(block, cursor, index)
            yield self._close(self._open, block, index, fields)
            return
        yield from self._take(block, cursor, index)
        self._end_outside()
        yield from self._break_off(index)
        if name in {"ST", "TA1"}:
            yield from self._start(block, index, fields)
        else:
            self._envelope(index, fields)

    def _envelope(self, index: int, fields: list[str]) -> None:
        name = fields[0]
        if name == "SE":
            self._report(rules.OUTSIDE_TRANSACTION, index)
        elif name == "ISA":
            self._isa = fields
        elif name == "GS":
            self._close_group(index, None)
            self._group, self._group_transactions = fields, 0
            self._groups += 1
        elif name == "GE":
            self._close_group(index, fields)
        elif name == "IEA":
            self._close_interchange(index, fields)

    def _take(self, block: Block, start: int, end: int) -> Iterator[Stretch]:
        """Give segments to the open transaction, or remember that they stand in none."""
        if start >= end:
            return
        opened = self._open
        if opened is None:
            has_money = any(name in _MONEY for name in block.names(start, end))
            first, before = self._outside or (self.passed.segments + start + 1, False)
            self._outside = (first, before or has_money)
            return
        is_first = opened.segment_count == 0
        opened.content.update(block.slice(start + is_first, end), is_tight=block.is_tight)
        opened.segment_count += end - start
        body = block.slice(start, end)
        yield Stretch(opened, body, self.passed.segments + start + 1, end - start)

    def _start(self, block: Block, index: int, fields: list[str]) -> Iterator[Stretch]:
        """Open a transaction; a TA1 is one of a single segment."""
        opened = self._transaction(index, fields)
        if fields[0] == "ST":
            self._open = opened
            self._group_transactions += 1
            return
        opened.segment_count, opened.is_closed = 1, True
        body = block.slice(index, index + 1)
        opened.content.update(body)
        yield Stretch(opened, body, opened.segment, 1, is_end=True)

    def _close(self, opened: Transaction, block: Block, index: int, trailer: list[str]) -> Stretch:
        """End the open transaction with its SE."""
        self._open = None
        opened.segment_count += 1
        opened.is_closed = True
        if _number(trailer, 1) != opened.segment_count:
            self._report(rules.SE_COUNT_OFF, index)
        if _at(trailer, 2) != opened.control:
            self._report(rules.SE_CONTROL_OFF, index)
        body = block.slice(index, index + 1)
        return Stretch(opened, body, self.passed.segments + index + 1, 1, is_end=True)

    def _break_off(self, index: int) -> Iterator[Stretch]:
        """End the open transaction where it has no SE before segment `index` of the block."""
        opened, self._open = self._open, None
        if opened is not None:
            self._report(rules.TRUNCATED, index - 1)
            yield Stretch(opened, b"", self.passed.segments + index + 1, 0, is_end=True)

    def _end_outside(self) -> None:
        """Report the segments since the last control segment that stand in no transaction."""
        if self._outside is not None:
            first, has_money = self._outside
            rule = rules.MONEY_OUTSIDE_TRANSACTION if has_money else rules.OUTSIDE_TRANSACTION
            self.findings.append(finding(rule, first))
        self._outside = None

    def _transaction(self, index: int, fields: list[str]) -> Transaction:
        is_set, group, isa = fields[0] == "ST", self._group or [], self._isa
        return Transaction(
            number=self.passed.transactions,
            segment=self.passed.segments + index + 1,
            set_id=(_at(fields, 1) or "?") if is_set else fields[0],
            version=(_at(fields, 3) or _at(group, 8)) if is_set else _at(isa, 12),
            interchange_control=_at(isa, 13),
            group_control=_at(group, 6),
            control=_at(fields, 2) if is_set else _at(fields, 1),
            sender_id=_at(isa, 6) or _at(group, 2),
            receiver_id=_at(isa, 8) or _at(group, 3),
            interchange_date=parse_date(_at(isa, 9) or _at(group, 4)),
        )

    def _close_group(self, index: int, trailer: list[str] | None) -> None:
        if self._group is None:
            if trailer is not None:
                self._report(rules.OUTSIDE_TRANSACTION, index)
            return
        if trailer is None:
            self._report(rules.GE_MISSING, index - 1)
        elif _number(trailer, 1) != self._group_transactions:
            self._report(rules.GE_COUNT_OFF, index)
        if trailer is not None and not _same_control(_at(trailer, 2), _at(self._group, 6)):
            self._report(rules.GE_CONTROL_OFF, index)
        self._group = None

    def _close_interchange(self, index: int, trailer: list[str]) -> None:
        self._close_group(index, None)
        if _number(trailer, 1) != self._groups and self._isa:
            self._report(rules.IEA_COUNT_OFF, index)
        if self._isa and not _same_control(_at(trailer, 2), _at(self._isa, 13)):
            self._report(rules.IEA_CONTROL_OFF, index)
        self._is_closed = True

    def _check_widths(self, index: int, written: list[str]) -> None:
        if tuple(map(len, written)) != _ISA_WIDTHS:
            self._report(rules.ISA_LENGTH, index)

    def _report(self, rule: Rule, index: int) -> None:
        self.findings.append(finding(rule, max(self.passed.segments + index + 1, 1)))


def _at(fields: list[str], index: int) -> str | None:
    return (fields[index] or None) if len(fields) > index else None


def _number(fields: list[str], index: int) -> int | None:
    value = _at(fields, index)
    is_count = value is not None and value.isascii() and value.isdigit()
    return int(value) if value is not None and is_count and len(value) <= _COUNT_DIGITS else None


def _same_control(left: str | None, right: str | None) -> bool:
    """Control numbers are numbers: leading zeros do not make them differ."""
    if left is None or right is None:
        return left == right
    return left.lstrip("0") == right.lstrip("0")
