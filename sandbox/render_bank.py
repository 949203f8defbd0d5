"""Rendering of bank statements as BAI2 and of the payers' payments as NACHA CCD+ files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby

from sandbox.bank import FEE_DEBIT, BankLine, Statement
from sandbox.days import x12_date
from sandbox.payers import Payer
from sandbox.places import BANK_ID, BANK_NAME, BANK_ROUTING, SUBMITTER_ID

ORIGINATOR_ROUTING = "10200007"


def render_statements(day: date, statements: list[Statement], number: int) -> bytes:
    """Write one day's statements of all accounts as one BAI2 file with one group."""
    accounts = [_account(statement) for statement in statements]
    stamp = f"{day:%y%m%d}"
    total = sum(control for control, _ in accounts)
    inside = [record for _, records in accounts for record in records]
    return _lines(
        [
            f"01,{BANK_ID},{SUBMITTER_ID},{stamp},0530,{number},,,2/",
            f"02,{SUBMITTER_ID},{BANK_ID},1,{stamp},2359,USD,2/",
            *inside,
            f"98,{total},{len(statements)},{len(inside) + 2}/",
            f"99,{total},1,{len(inside) + 4}/",
        ]
    )


def _account(statement: Statement) -> tuple[int, list[str]]:
    """Return an account's control total and its records 03 to 49."""
    incoming = [line for line in statement.lines if line.type_code != FEE_DEBIT]
    outgoing = [line for line in statement.lines if line.type_code == FEE_DEBIT]
    taken, given = (sum(line.cents for line in lines) for lines in (incoming, outgoing))
    records = [
        f"03,{statement.entity.bank_account},USD,010,{statement.opening},,,015,"
        f"{statement.closing},,,100,{taken},{len(incoming)},,400,{given},{len(outgoing)},/"
    ]
    for line in statement.lines:
        records += _detail(line)
    total = statement.opening + statement.closing + 2 * (taken + given)
    return total, [*records, f"49,{total},{len(records) + 1}/"]


def _detail(line: BankLine) -> list[str]:
    start = f"16,{line.type_code},{line.cents},0,{line.value_date:%m%d}{line.reference[-6:]}"
    if line.purpose == "fee":
        return [f"{start},,ACCOUNT ANALYSIS FEE"]
    if line.purpose == "payout":
        return [f"{start},,CARD PAYOUT {line.reference}"]
    payer = line.payer
    if payer is None:
        raise ValueError("a payer's credit names its payer")
    if payer.method == "CHK":
        return [f"{start},,CHECK DEPOSIT {payer.name.upper()} CHECK {line.reference}"]
    return [
        f"{start},,{payer.name.upper()} HCCLAIMPMT CCD",
        f"88,ADDENDA TRN*1*{line.reference}*{payer.trace_id}~",
    ]


def render_ach(day: date, lines: list[BankLine], number: int) -> bytes:
    """Write one day's payer payments as a NACHA file: a batch per payer, an addenda per entry."""
    records = [_file_header(day, number)]
    hashes = entries = cents = 0
    by_payer = sorted(
        lines, key=lambda line: (line.payer.code if line.payer else "", line.reference)
    )
    batches = 0
    for payer, items in groupby(by_payer, key=lambda line: line.payer):
        if payer is None:
            raise ValueError("a payer's credit names its payer")
        batches += 1
        own = list(items)
        records += _batch(payer, day, own, batches)
        hashes += int(BANK_ROUTING[:8]) * len(own)
        entries += 2 * len(own)
        cents += sum(line.cents for line in own)
    blocks = -(-(len(records) + 1) // 10)
    records.append(
        f"9{batches:06d}{blocks:06d}{entries:08d}{hashes % 10**10:010d}{0:012d}{cents:012d}{'':39}"
    )
    records += ["9" * 94] * (blocks * 10 - len(records))
    return _lines(records)


def _file_header(day: date, number: int) -> str:
    return (
        f"101 {BANK_ROUTING} {ORIGINATOR_ROUTING}6{day:%y%m%d}0200{chr(65 + number % 26)}094101"
        f"{BANK_NAME:23}{'PAYER PAYMENTS':23}{'':8}"
    )


def _batch(payer: Payer, day: date, lines: list[BankLine], number: int) -> list[str]:
    records = [
        f"5220{payer.name.upper()[:16]:16}{'':20}{payer.trace_id}CCDHCCLAIMPMT{day:%y%m%d}"
        f"{day:%y%m%d}   1{ORIGINATOR_ROUTING}{number:07d}"
    ]
    for position, line in enumerate(lines, 1):
        records += _entry(payer, line, number * 1000 + position)
    total = sum(line.cents for line in lines)
    hashes = int(BANK_ROUTING[:8]) * len(lines) % 10**10
    records.append(
        f"8220{2 * len(lines):06d}{hashes:010d}{0:012d}{total:012d}{payer.trace_id}"
        f"{'':25}{ORIGINATOR_ROUTING}{number:07d}"
    )
    return records


def _entry(payer: Payer, line: BankLine, sequence: int) -> list[str]:
    entity = line.entity
    addenda = f"TRN*1*{line.reference}*{payer.trace_id}~"
    return [
        f"622{BANK_ROUTING}{entity.bank_account:17}{line.cents:010d}{entity.tin:15}"
        f"{entity.name.upper()[:22]:22}  1{ORIGINATOR_ROUTING}{sequence:07d}",
        f"705{addenda:80}0001{sequence:07d}",
    ]


def _lines(records: Iterable[str]) -> bytes:
    return "".join(f"{record}\n" for record in records).encode("ascii")


def statement_name(day: date) -> str:
    """Return the file name of a day's statements."""
    return f"BAI2_{x12_date(day)}.bai"


def ach_name(day: date) -> str:
    """Return the file name of a day's ACH payments."""
    return f"ACH_{x12_date(day)}.ach"
