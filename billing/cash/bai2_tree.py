"""The nesting of a BAI2 file (file, groups, accounts) and its control totals and counts.

A level whose own trailer contradicts what lies below it taints every statement below it; a level
without a trailer taints only the statement that it cut. Fields of transactions are not read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from billing.cash.bai2_records import Record
from billing.cash.fields import whole_number
from billing.finding import Finding

CONTROL_RULE = "the trailer's control total is the sum of the amounts below it (BAI2 49, 98, 99)"
COUNT_RULE = "the trailer's counts are those of the records below it (BAI2 49, 98, 99)"
CLOSED_RULE = "each file, group and account is closed by its trailer (BAI2 99, 98, 49)"
_CUT = "{} has no trailer"


@dataclass
class Account:
    """A 03 record, its details and its trailer."""

    header: Record
    details: list[Record] = field(default_factory=list)
    trailer: Record | None = None
    finding_code: str | None = None

    def records(self) -> Iterator[Record]:
        """Yield the account's records in order."""
        yield self.header
        yield from self.details
        if self.trailer is not None:
            yield self.trailer


@dataclass
class Group:
    """A 02 record (None where it is missing), its accounts and its trailer."""

    header: Record | None
    accounts: list[Account] = field(default_factory=list)
    trailer: Record | None = None

    def records(self) -> Iterator[Record]:
        """Yield the group's records in order."""
        yield from [self.header] if self.header else []
        for account in self.accounts:
            yield from account.records()
        yield from [self.trailer] if self.trailer else []


@dataclass
class Tree:
    """A whole file; `strays` are records that belong to nothing."""

    header: Record | None = None
    groups: list[Group] = field(default_factory=list)
    trailer: Record | None = None
    strays: list[Record] = field(default_factory=list)

    def records(self) -> Iterator[Record]:
        """Yield the file's records in order, strays apart."""
        yield from [self.header] if self.header else []
        for group in self.groups:
            yield from group.records()
        yield from [self.trailer] if self.trailer else []


def build_tree(records: Iterable[Record]) -> Tree:
    """Nest the records; never raises, whatever their order."""
    tree = Tree()
    group: Group | None = None
    account: Account | None = None
    for record in records:
        if record.code == "01" and tree.header is None:
            tree.header = record
        elif record.code == "02":
            group, account = Group(record), None
            tree.groups.append(group)
        elif record.code == "03":
            if group is None:
                group = Group(None)
                tree.groups.append(group)
            account = Account(record)
            group.accounts.append(account)
        elif not _closes_or_adds(record, tree, group, account):
            tree.strays.append(record)
        if record.code in ("49", "98", "99"):
            account = None
            group = group if record.code == "49" else None
    return tree


def _closes_or_adds(
    record: Record, tree: Tree, group: Group | None, account: Account | None
) -> bool:
    if record.code == "16" and account is not None:
        account.details.append(record)
    elif record.code == "49" and account is not None:
        account.trailer = record
    elif record.code == "98" and group is not None:
        group.trailer = record
    elif record.code == "99" and tree.trailer is None:
        tree.trailer = record
    else:
        return False
    return True


def check_account(account: Account, amounts: list[int | None]) -> Iterator[Finding]:
    """Compare a 49 record with its account; `amounts` are all of its amounts in minor units."""
    if account.trailer is None:
        account.finding_code = "TRUNCATED"
        yield _error("TRUNCATED", account.header, CLOSED_RULE, _CUT.format("the account"))
        return
    total, count, _ = _stated(account.trailer)
    if None in amounts or total != sum(amount or 0 for amount in amounts):
        account.finding_code = "CONTROL_TOTAL_OFF"
        text = "the amounts of the account do not add up to its control total"
        yield _error("CONTROL_TOTAL_OFF", account.trailer, CONTROL_RULE, text)
    elif count not in _counts(account.records()):
        account.finding_code = "RECORD_COUNT_OFF"
        text = "the account does not have the number of records that it states"
        yield _error("RECORD_COUNT_OFF", account.trailer, COUNT_RULE, text)


def check_group(group: Group) -> Iterator[Finding]:
    """Compare a 98 record with the trailers of its accounts."""
    place = group.header or group.accounts[0].header
    if group.trailer is None:
        yield _file_error("TRUNCATED", place, CLOSED_RULE, _CUT.format("the group"))
        return
    trailers = [account.trailer for account in group.accounts]
    yield from _taint(_compare(group.trailer, trailers, "group"), group.accounts)
    yield from _compare_count(group.trailer, group.records(), "group")


def check_file(tree: Tree) -> Iterator[Finding]:
    """Compare the 99 record with the trailers of the groups."""
    if tree.trailer is None:
        last = tree.groups[-1].header if tree.groups else tree.header
        ordinal = last.ordinal if last else 0
        yield Finding("TRUNCATED", "error", ordinal, CLOSED_RULE, _CUT.format("the file"))
        return
    trailers = [group.trailer for group in tree.groups]
    accounts = [account for group in tree.groups for account in group.accounts]
    yield from _taint(_compare(tree.trailer, trailers, "file"), accounts)
    yield from _compare_count(tree.trailer, tree.records(), "file")


def _compare(trailer: Record, below: list[Record | None], level: str) -> list[Finding]:
    total, count, _ = _stated(trailer)
    totals = [_stated(record)[0] if record else None for record in below]
    findings = []
    if None not in totals and total != sum(amount or 0 for amount in totals):
        text = f"the control totals below do not add up to the control total of the {level}"
        findings.append(_file_error("CONTROL_TOTAL_OFF", trailer, CONTROL_RULE, text))
    if count != len(below):
        text = f"the {level} does not have the number of parts that it states"
        findings.append(_file_error("RECORD_COUNT_OFF", trailer, COUNT_RULE, text))
    return findings


def _taint(findings: list[Finding], accounts: list[Account]) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        for account in accounts:
            account.finding_code = account.finding_code or finding.code


def _compare_count(trailer: Record, below: Iterable[Record], level: str) -> Iterator[Finding]:
    """Compare the record count of an outer trailer: only a warning, for no amount is at stake."""
    _, _, count = _stated(trailer)
    if count not in _counts(below):
        text = f"the {level} does not have the number of records that it states"
        yield Finding("RECORD_COUNT_OFF", "warning", trailer.ordinal, COUNT_RULE, text)


def _counts(found: Iterable[Record]) -> tuple[int, int]:
    """Count physical records; lines that lack the code 88 may or may not have been counted."""
    records = list(found)
    coded = sum(record.physical_count for record in records)
    return coded, coded + sum(record.uncoded_count for record in records)


def _stated(trailer: Record) -> tuple[int | None, int | None, int | None]:
    """Read the control total (empty means zero) and the counts of a trailer."""
    fields = [*trailer.fields(), "", "", ""]
    total = whole_number(fields[0]) if fields[0] else 0
    return total, whole_number(fields[1]), whole_number(fields[2])


def _error(code: str, record: Record, rule: str, message: str) -> Finding:
    return Finding(code, "error", record.ordinal, rule, message, record_kind="bank_transaction")


def _file_error(code: str, record: Record, rule: str, message: str) -> Finding:
    return Finding(code, "error", record.ordinal, rule, message)
