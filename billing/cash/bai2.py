"""BAI2 bank statements (X9.121 and its ancestor) as rows of bank_statement and bank_transaction.

What the file says, with the controls checked; what a deposit means is decided in the warehouse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from billing.arrow import arrow_table
from billing.cash import bai2_tree
from billing.cash.bai2_records import PART, Record, physical_records, records, split_lossless
from billing.cash.bai2_tree import Account, Group, Tree, build_tree
from billing.cash.columns import BANK_STATEMENT, BANK_TRANSACTION
from billing.cash.fields import (
    bank_time,
    cleaned,
    decoded,
    from_minor_units,
    short_date,
    whole_number,
)
from billing.cash.reassociation import find_trace
from billing.finding import Finding
from billing.intake import FileKind
from billing.parsed import ParsedFile

Row = tuple[object, ...]
_Made = tuple[datetime | None, int | None]
_OPENING_LEDGER, _CLOSING_LEDGER = "010", "015"
_UNUSABLE_GROUP = {"2": "DELETION_GROUP", "4": "TEST_GROUP"}
_INTERIM = ("1", "3")
_GROUP_RULE = "group status (02, field 4) and as-of modifier (field 8) name a final, live statement"
_LARGEST_NUMBER = 2**31 - 1
_AMOUNT_RULE = "an amount is a whole number of minor units that fits 12 digits before the point"
_CODE_RULE = "a type code says credit or debit (100-399, 400-699, 700-799, 920-999)"


def read_bai2(content: bytes) -> ParsedFile:
    """Read any bytes as BAI2: rows for what can be read, findings for the rest. Never raises."""
    text = decoded(content)
    tree = build_tree(records(text))
    reading = _Reading()
    findings = [*_stray_findings(tree), *reading.read(tree)]
    pieces = split_lossless(text)
    return ParsedFile(
        kind=FileKind.BAI2,
        tables={
            "bank_statement": arrow_table(BANK_STATEMENT, reading.statements),
            "bank_transaction": arrow_table(BANK_TRANSACTION, reading.transactions),
        },
        findings=tuple(findings),
        records=len(reading.transactions),
        segments=sum(1 for _ in physical_records(text)),
        reserialised="".join(pieces) == text,
    )


@dataclass(frozen=True)
class _Context:
    """What a statement takes from its group."""

    bank_id: str | None
    as_of_date: date | None
    currency: str
    finding_code: str | None


class _Reading:
    """Collects rows while walking the tree; statements are numbered through the file."""

    def __init__(self) -> None:
        self.statements: list[Row] = []
        self.transactions: list[Row] = []

    def read(self, tree: Tree) -> list[Finding]:
        """Check every level from the inside out, then write the rows."""
        accounts = [
            (account, group, _context(group)) for group in tree.groups for account in group.accounts
        ]
        findings: list[Finding] = []
        for account, _, context in accounts:
            findings += bai2_tree.check_account(account, _amounts(account, context))
        for group in tree.groups:
            findings += bai2_tree.check_group(group) if group.accounts else _empty_group(group)
        if tree.header is None and not tree.groups:
            findings.append(_unreadable())
        else:
            findings += bai2_tree.check_file(tree)
        made = _made(tree.header)
        for account, group, context in accounts:
            findings += self._write(account, group, context, made)
        return findings

    def _write(
        self, account: Account, group: Group, context: _Context, made: _Made
    ) -> Iterator[Finding]:
        statement_no = len(self.statements) + 1
        summary = dict(_summary(account.header))
        fields = [*account.header.fields(), "", ""]
        currency = fields[1] or context.currency
        if account.finding_code is None and context.finding_code is not None:
            account.finding_code = context.finding_code
            place = group.header or account.header
            yield _finding(context.finding_code, place, _GROUP_RULE, "the statement is not final")
        self.statements.append(
            (
                account.header.ordinal,
                statement_no,
                context.bank_id,
                cleaned(fields[0]),
                context.as_of_date,
                cleaned(currency),
                from_minor_units(whole_number(summary.get(_OPENING_LEDGER, "")), currency),
                from_minor_units(whole_number(summary.get(_CLOSING_LEDGER, "")), currency),
                _content_hash(account),
                account.finding_code,
                *made,
            )
        )
        for number, detail in enumerate(account.details, start=1):
            row, findings = _transaction(detail, statement_no, number, currency, context.as_of_date)
            self.transactions.append(row)
            yield from findings


def _transaction(
    record: Record, statement_no: int, number: int, currency: str, as_of_date: date | None
) -> tuple[Row, list[Finding]]:
    head, value_date, (bank_reference, customer_reference, *text) = _detail_fields(record)
    type_code, amount_text, funds_type = head
    amount = from_minor_units(whole_number(amount_text or "0"), currency)
    direction = _direction(type_code, amount)
    parts = [part.strip(",") for part in ",".join(text).split(PART)]
    trace, originator = find_trace(parts)
    findings = _transaction_findings(record, type_code, amount)
    row = (
        record.ordinal,
        statement_no,
        number,
        type_code,
        direction or ("debit" if amount is not None and amount < 0 else "credit"),
        amount,
        value_date or as_of_date,
        cleaned(funds_type),
        cleaned(bank_reference.replace(PART, "")),
        cleaned(customer_reference.replace(PART, "")),
        cleaned(" ".join(part.strip() for part in parts)),
        trace,
        originator,
    )
    return row, findings


def _transaction_findings(record: Record, code: str, amount: Decimal | None) -> list[Finding]:
    findings = []
    if amount is None:
        text = "the amount of the transaction cannot be read"
        findings.append(_finding("AMOUNT_UNREADABLE", record, _AMOUNT_RULE, text))
    if _direction(code, amount) is None:
        text = "the type code is neither a credit nor a debit; the sign of the amount decides"
        findings.append(
            Finding(
                "UNKNOWN_TYPE_CODE",
                "warning",
                record.ordinal,
                _CODE_RULE,
                text,
                amount,
                "bank_transaction",
            )
        )
    return findings


def _detail_fields(record: Record) -> tuple[tuple[str, str, str], date | None, list[str]]:
    """Split a 16 record: head (code, amount, funds type), value date, references and text."""
    fields = [*record.joined().split(","), "", "", "", "", ""]
    code, amount, funds = (part.replace(PART, "").strip() for part in fields[:3])
    skipped, value_date = _availability(funds, fields[3:])
    rest = fields[3 + skipped :]
    # The padding above must not reach the text: it has at least two references before it.
    tail = rest[2:-5] if len(rest) > 7 else []
    return (code, amount, funds), value_date, [*rest[:2], *tail]


def _availability(funds_type: str, rest: list[str]) -> tuple[int, date | None]:
    """Return how many fields the availability takes, and the value date where it has one."""
    if funds_type == "S":
        return 3, None
    if funds_type == "V":
        return 2, short_date(rest[0].replace(PART, ""))
    if funds_type == "D":
        count = whole_number(rest[0].replace(PART, "")) or 0
        return min(1 + 2 * max(count, 0), max(len(rest) - 7, 0)), None
    return 0, None


def _summary(header: Record) -> Iterator[tuple[str, str]]:
    """Yield (type code, amount text) of a 03 record, skipping the empty places of some banks."""
    fields = header.fields()[2:]
    at = 0
    while at < len(fields):
        if not fields[at]:
            at += 1
            continue
        item = [*fields[at : at + 4], "", "", ""]
        yield item[0], item[1]
        skipped, _ = _availability(item[3], [*fields[at + 4 :], *[""] * 7])
        at += 4 + skipped


def _amounts(account: Account, context: _Context) -> list[int | None]:
    texts = [amount for _, amount in _summary(account.header)]
    texts += [_detail_fields(detail)[0][1] for detail in account.details]
    currency = ([*account.header.fields(), "", ""])[1] or context.currency
    units = [whole_number(text or "0") for text in texts]
    return [unit if from_minor_units(unit, currency) is not None else None for unit in units]


def _made(header: Record | None) -> _Made:
    """When the bank made the file, and the number that it gave it (01, fields 4 to 6)."""
    fields = [*(header.fields() if header else []), *[""] * 5]
    number = whole_number(fields[4])
    is_usable = number is not None and 0 <= number <= _LARGEST_NUMBER
    return bank_time(fields[2], fields[3]), number if is_usable else None


def _context(group: Group) -> _Context:
    if group.header is None:
        return _Context(None, None, "USD", "GROUP_MISSING")
    fields = [*group.header.fields(), *[""] * 7]
    code = _UNUSABLE_GROUP.get(fields[2])
    if code is None and fields[6] in _INTERIM:
        code = "INTERIM_STATEMENT"
    as_of_date = short_date(fields[3])
    if code is None and as_of_date is None:
        code = "DATE_UNREADABLE"
    return _Context(cleaned(fields[1]), as_of_date, fields[5] or "USD", code)


def _direction(type_code: str, amount: Decimal | None) -> str | None:
    """Return the side of the account that a type code names, None where the code does not say."""
    code = whole_number(type_code) or 0
    if 100 <= code <= 399 or 700 <= code <= 759 or 920 <= code <= 959:
        return "credit"
    if 400 <= code <= 699 or 760 <= code <= 799 or 960 <= code <= 999:
        return "debit"
    # Non-monetary information (890) says nothing because there is nothing to say.
    return "credit" if code == 890 and amount == 0 else None


def _content_hash(account: Account) -> str:
    lines = (
        "\x1f".join([record.code, *record.joined().replace(PART, "").split(",")])
        for record in account.records()
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _stray_findings(tree: Tree) -> Iterator[Finding]:
    rule = "each record lies inside its file, group and account"
    for record in tree.strays:
        amount = None
        if record.code == "16":
            amount = from_minor_units(whole_number(_detail_fields(record)[0][1]))
        text = "the record belongs to no account, group or file"
        yield Finding("STRAY_RECORD", "error", record.ordinal, rule, text, amount)


def _empty_group(group: Group) -> Iterator[Finding]:
    ordinal = group.header.ordinal if group.header else 0
    rule = "a group has at least one account"
    yield Finding("EMPTY_GROUP", "warning", ordinal, rule, "the group has no account")


def _unreadable() -> Finding:
    rule = "a BAI2 file begins with record 01 and holds groups of accounts"
    return Finding("UNREADABLE_BAI2", "error", 0, rule, "the file has no BAI2 header and no group")


def _finding(code: str, record: Record, rule: str, message: str) -> Finding:
    return Finding(code, "error", record.ordinal, rule, message, record_kind="bank_transaction")
