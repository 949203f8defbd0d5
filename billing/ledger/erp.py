"""What the ledger asks of any ERP: journal entries out, documents, periods and balances back.

The protocol, its facts and the comparison of what was sent with what is there. How one ERP is
spoken to is in `resources/erp/`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from billing.exact import SUMMED
from billing.ledger.capabilities import Capabilities
from billing.ledger.segments import SegmentMap

CENT = Decimal("0.01")
POSTED = "posted"
CREATED = "created"  # complete in the ERP, whose own later act posts it
DRAFT = "draft"  # left behind half way: taken up or replaced by the next attempt


class Reason(StrEnum):
    """Why a document was rejected, or why nobody knows what became of it."""

    PERIOD_CLOSED = "PERIOD_CLOSED"
    UNBALANCED = "UNBALANCED"
    ACCOUNT_UNKNOWN = "ACCOUNT_UNKNOWN"
    DUPLICATE = "DUPLICATE"
    ACCESS = "ACCESS"
    MAPPING = "MAPPING"
    TOO_LARGE = "TOO_LARGE"
    OTHER = "OTHER"
    THROTTLED = "THROTTLED"
    UNAVAILABLE = "UNAVAILABLE"
    AWAITING_POST = "AWAITING_POST"
    LEASE_OVER = "LEASE_OVER"
    TIMEOUT = "TIMEOUT"
    CONNECTION = "CONNECTION"
    SERVER_ERROR = "SERVER_ERROR"
    UNREADABLE_ANSWER = "UNREADABLE_ANSWER"
    NOT_FOUND_AFTER_POSTING = "NOT_FOUND_AFTER_POSTING"
    DRAFT_LEFT = "DRAFT_LEFT"
    MISMATCH = "MISMATCH"


class InvalidEntryError(ValueError):
    """A journal entry that no ERP may be sent; the text names the line and the rule."""


class _OutcomeError(Exception):
    """An attempt to post that did not end with a posted document."""

    def __init__(self, reason_code: str, rule: str = "") -> None:
        """`rule` is a sentence of ours, never a text or a value of the document."""
        super().__init__(f"{reason_code}: {rule}" if rule else reason_code)
        self.reason_code = str(reason_code)


class ErpRejected(_OutcomeError):  # noqa: N818 - an outcome of the state machine, named as there
    """The ERP said no: nothing is posted, and nothing of this attempt is left behind."""


class ErpBusy(_OutcomeError):  # noqa: N818 - an outcome of the state machine, named as there
    """The ERP took nothing of it (throttled, or not even connected): the same again, later."""

    def __init__(self, reason_code: str, wait_seconds: float | None = None, rule: str = "") -> None:
        """`wait_seconds`: what the ERP asked for, if it did."""
        super().__init__(reason_code, rule)
        self.wait_seconds = wait_seconds


class ErpUnknown(_OutcomeError):  # noqa: N818 - an outcome of the state machine, named as there
    """Nobody knows whether the document is posted: read back before anything else."""


@dataclass(frozen=True)
class JournalLine:
    """One side of one account: exactly one of debit and credit is above zero.

    `facility` and `payer_class` are the dimensions; an adapter maps them to the ERP's segments.
    """

    line_no: int
    account: str
    debit: Decimal
    credit: Decimal
    description: str
    facility: str = ""
    payer_class: str = ""


@dataclass(frozen=True)
class JournalEntry:
    """A balanced entry of one legal entity, known to the ERP by its key.

    Raises InvalidEntryError when it does not balance, has a side that is zero, negative or finer
    than a cent, or texts that an ERP would change (line breaks, blanks at either end).
    """

    entity: str
    key: str
    entry_no: int
    accounting_date: date
    description: str
    lines: tuple[JournalLine, ...]

    def __post_init__(self) -> None:
        if not self.key or not self.entity:
            raise InvalidEntryError("an entry needs an entity and a key")
        if [line.line_no for line in self.lines] != list(range(1, len(self.lines) + 1)):
            raise InvalidEntryError("lines are numbered from 1 without a gap")
        for line in self.lines:
            _check_line(line)
        for text in (self.key, self.description):
            _check_text(text, "the entry")
        if not self.lines or self.debit_total != sum(line.credit for line in self.lines):
            raise InvalidEntryError("debits and credits of an entry are equal, and there are some")

    @property
    def debit_total(self) -> Decimal:
        """Sum of the debits, equal to the sum of the credits."""
        return sum((line.debit for line in self.lines), Decimal(0))


@dataclass(frozen=True)
class ErpDocument:
    """A journal entry as the ERP has it; `lines` in the order in which they were sent.

    `reference` is the document's alone in the whole ERP: where numbers repeat from company to
    company, it names the company too.
    """

    reference: str
    number: str
    key: str
    state: str
    accounting_date: date
    lines: tuple[JournalLine, ...]
    description: str = ""  # of the document, where the ERP gives it back


@dataclass(frozen=True)
class ErpPeriod:
    """An accounting period of the ERP; `end` is its last day."""

    entity: str
    start: date
    end: date
    reference: str
    is_open: bool


@dataclass(frozen=True)
class ErpAccount:
    """An account of the ERP's chart, by the code that we know it by."""

    entity: str
    account: str
    is_active: bool


@dataclass(frozen=True)
class ErpSegment:
    """A value of a dimension in the ERP, by the name that we know it by: ours where it has one.

    `dimension` is facility or payer_class.
    """

    entity: str
    dimension: str
    value: str
    is_active: bool


@dataclass(frozen=True)
class ErpLine:
    """A posted line on one of the accounts that were asked for, whoever made its document."""

    entity: str
    reference: str  # of its document
    key: str  # of our entry; empty or unknown for a third-party line
    accounting_date: date
    account: str
    debit: Decimal
    credit: Decimal


class ErpLedger(Protocol):
    """An ERP's general ledger, one company for each legal entity."""

    name: str
    capabilities: Capabilities

    def find(self, entity: str, key: str) -> ErpDocument | None:
        """Read the document with this key back, draft or posted. Raises ErpUnknown."""

    def post(self, entry: JournalEntry) -> ErpDocument:
        """Have exactly one posted document for the entry's key and return it as read back.

        Raises ErpRejected (nothing of it is left), ErpBusy (nothing was taken) or ErpUnknown. A
        document that was there before is returned as it is: the caller compares.
        """

    def periods(self, entity: str) -> list[ErpPeriod]:
        """List all periods, oldest first. Raises ErpUnknown."""

    def balances(self, entity: str, as_of: date) -> Mapping[str, Decimal]:
        """Balance of each account as the ERP computes it, over all years up to and with `as_of`.

        Posted documents only, debit positive. Raises ErpUnknown.
        """

    def accounts(self, entity: str) -> list[ErpAccount]:
        """List the accounts that the ERP has, closed ones too. Raises ErpUnknown."""

    def segments(self, entity: str) -> list[ErpSegment]:
        """List the values of the dimensions that lines carry over, by our names.

        Raises ErpUnknown.
        """

    def lines_on(self, entity: str, accounts: Sequence[str], since: date) -> list[ErpLine]:
        """List all posted lines on these accounts, dated on or after `since`. Raises ErpUnknown."""


def by_our_names(found: Iterable[ErpSegment], names: SegmentMap) -> list[ErpSegment]:
    """Return segments that the ERP told by its names, by ours; unknown ones keep theirs."""
    return [
        replace(one, value=names.own_value(one.entity, one.dimension, one.value)) for one in found
    ]


def compare(entry: JournalEntry, document: ErpDocument) -> list[str]:
    """Name what differs between what was sent and what is there, line by line; [] means equal."""
    differences = [] if document.state == POSTED else ["the document is not posted"]
    if document.key != entry.key:
        differences.append("key")
    if document.accounting_date != entry.accounting_date:
        differences.append("accounting date")
    if len(document.lines) != len(entry.lines):
        return [*differences, f"{len(entry.lines)} lines sent, {len(document.lines)} there"]
    for sent, there in zip(entry.lines, document.lines, strict=True):
        differences += [f"line {sent.line_no}: {name}" for name in _differing(sent, there)]
    return differences


def _differing(sent: JournalLine, there: JournalLine) -> list[str]:
    names = ("line_no", "account", "debit", "credit", "description")
    return [name for name in names if getattr(sent, name) != getattr(there, name)]


def _check_line(line: JournalLine) -> None:
    place = f"line {line.line_no}"
    for amount in (line.debit, line.credit):
        if not isinstance(amount, Decimal) or not amount.is_finite():
            raise InvalidEntryError(f"{place}: amounts are exact decimals")
        if amount < 0 or SUMMED.exactly(amount) is None:
            raise InvalidEntryError(f"{place}: amounts are whole cents from zero to {SUMMED.most}")
    if (line.debit > 0) == (line.credit > 0):
        raise InvalidEntryError(f"{place}: exactly one of debit and credit is above zero")
    if not line.account:
        raise InvalidEntryError(f"{place}: an account is named")
    _check_text(line.description, place)


def _check_text(text: str, place: str) -> None:
    if text != text.strip() or not text.isprintable():
        raise InvalidEntryError(f"{place}: texts are one line without blanks at either end")
