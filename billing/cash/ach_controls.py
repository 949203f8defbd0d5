"""The control records of a NACHA file against what they control: counts, hash, debits, credits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from billing.cash.ach_records import AchFile, Batch, Entry, Record
from billing.cash.fields import whole_number
from billing.finding import Finding

BATCH_RULE = "the 8 record states the entries, routing hash, debits and credits of its batch"
FILE_RULE = "the 9 record states the batches, entries, routing hash, debits and credits of the file"
_HASH_MODULUS = 10**10
_ADV = "280"


@dataclass(frozen=True)
class Totals:
    """What a control record states or a batch holds, amounts in cents; None: not readable."""

    count: int | None
    routing_hash: int | None
    debits: int | None
    credits: int | None


def direction(transaction_code: str) -> str | None:
    """Return the side of the receiver's account: credit or debit, None for an unknown code.

    2x checking, 3x savings, 4x ledger, 5x loan: 0-4 credits, 5-9 debits; 8x (ADV): odd credits.
    """
    if len(transaction_code) != 2 or not transaction_code.isdecimal():
        return None
    kind, last = transaction_code[0], int(transaction_code[1])
    if kind == "8" and last >= 1:
        return "credit" if last % 2 else "debit"
    if kind in "2345" and last >= 1:
        return "credit" if last <= 4 else "debit"
    return None


def is_advice(batch: Batch) -> bool:
    """Say whether the batch is an ADV batch, whose entries have another layout."""
    header = batch.header.text if batch.header else ""
    return header[50:53] == "ADV" or header[1:4] == _ADV


def cents(batch: Batch, entry: Entry) -> int | None:
    """Return the entry's amount in cents."""
    text = entry.record.text
    return _digits(text[27:39] if is_advice(batch) else text[29:39])


def held(batch: Batch) -> Totals:
    """Add up what a batch holds."""
    routing = [_digits(entry.record.text[3:11]) for entry in batch.entries]
    sides = [direction(entry.record.text[1:3]) for entry in batch.entries]
    amounts = [cents(batch, entry) for entry in batch.entries]
    count = sum(1 + len(entry.addenda) for entry in batch.entries)
    return Totals(
        count=count,
        routing_hash=_modulo(_sum(routing)),
        debits=_sum([a for a, side in zip(amounts, sides, strict=True) if side == "debit"]),
        credits=_sum([a for a, side in zip(amounts, sides, strict=True) if side != "debit"]),
    )


def check_batch(batch: Batch) -> Iterator[Finding]:
    """Compare an 8 record with its batch; a batch without one is cut."""
    place = batch.header or batch.entries[0].record
    if batch.header is None:
        yield _finding("TRUNCATED", place, BATCH_RULE, "the batch has no header")
    elif batch.control is None:
        yield _finding("TRUNCATED", place, BATCH_RULE, "the batch has no control record")
    elif _stated(batch) != held(batch):
        text = "the batch does not hold what its control record states"
        yield _finding("BATCH_CONTROL_OFF", batch.control, BATCH_RULE, text)


def check_file(file: AchFile) -> Iterator[Finding]:
    """Compare the 9 record with the batches' own control records."""
    if file.control is None:
        text = "the file has no control record"
        yield Finding("TRUNCATED", "error", file.record_count, FILE_RULE, text)
        return
    below = [_stated(batch) for batch in file.batches if batch.control is not None]
    text = file.control.text
    has_advice = any(is_advice(batch) for batch in file.batches)
    stated = _amounts(text, 31, 20 if has_advice else 12)
    totals = Totals(_digits(text[13:21]), _digits(text[21:31]), *stated)
    found = Totals(
        _sum([one.count for one in below]),
        _modulo(_sum([one.routing_hash for one in below])),
        _sum([one.debits for one in below]),
        _sum([one.credits for one in below]),
    )
    if totals != found or _digits(text[1:7]) != len(below) or len(below) != len(file.batches):
        message = "the file does not hold what its control record states"
        yield Finding("FILE_CONTROL_OFF", "error", file.control.ordinal, FILE_RULE, message)


def _stated(batch: Batch) -> Totals:
    text = batch.control.text if batch.control else ""
    debits, credits_ = _amounts(text, 20, 20 if is_advice(batch) else 12)
    return Totals(_digits(text[4:10]), _digits(text[10:20]), debits, credits_)


def _amounts(text: str, start: int, width: int) -> tuple[int | None, int | None]:
    return _digits(text[start : start + width]), _digits(
        text[start + width : start + 2 * width],
    )


def _digits(text: str) -> int | None:
    value = whole_number(text)
    return value if value is not None and value >= 0 else None


def _sum(values: list[int | None]) -> int | None:
    return None if None in values else sum(value or 0 for value in values)


def _modulo(value: int | None) -> int | None:
    return None if value is None else value % _HASH_MODULUS


def _finding(code: str, record: Record, rule: str, message: str) -> Finding:
    return Finding(code, "error", record.ordinal, rule, message, record_kind="ach_entry")
