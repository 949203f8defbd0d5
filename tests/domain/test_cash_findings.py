"""Every finding of bank, ACH and card files: which rule, how grave, where, on what, how much."""

from collections.abc import Iterable
from decimal import Decimal

import pytest

from billing.cash.ach import read_nacha
from billing.cash.bai2 import read_bai2
from billing.cash.cards import read_card_list
from billing.finding import Finding
from tests.domain.test_cash_ach import ach_file, batch, entry
from tests.domain.test_cash_bai2 import bank_file, statement
from tests.domain.test_cash_cards import CHARGE, page

pytestmark = pytest.mark.promise(
    "A finding of a bank, ACH or card file names rule, place and amount, and nothing else"
)
Told = tuple[str, str, int, str, Decimal | None]
BANK = bank_file(statement("16,165,700,Z,BR,CR,TEXT/")).decode()
NO_ACCOUNT = """01,B,G,261001,0530,1,,,2/
02,G,B,1,260930,,USD,2/
98,0,0,2/
99,0,1,4/
"""
ACH = ach_file(batch([entry(150_000, 1)])).decode()
LINE, ENTRY, FILE = "bank_transaction", "ach_entry", "file"


def told(findings: Iterable[Finding]) -> list[Told]:
    """Return what a finding is about; its rule and its message are text for people."""
    found = list(findings)
    assert all(one.rule and one.message for one in found)
    return [(one.code, one.severity, one.segment, one.record_kind, one.amount) for one in found]


def without(text: str, start: str) -> str:
    return "".join(line for line in text.splitlines(True) if not line.startswith(start))


BANK_FILES: dict[str, tuple[str, list[Told]]] = {
    "no BAI2": ("hello", [
        ("STRAY_RECORD", "error", 1, FILE, None),
        ("UNREADABLE_BAI2", "error", 0, FILE, None),
    ]),
    "account without end": (without(BANK, "49"), [
        ("TRUNCATED", "error", 3, LINE, None),
        ("RECORD_COUNT_OFF", "warning", 5, FILE, None),
        ("RECORD_COUNT_OFF", "warning", 6, FILE, None),
    ]),
    "group without end": (without(BANK, "98"), [
        ("TRUNCATED", "error", 2, FILE, None),
        ("RECORD_COUNT_OFF", "warning", 6, FILE, None),
    ]),
    "file without end": (without(BANK, "99"), [("TRUNCATED", "error", 2, FILE, None)]),
    "file without header": (without(BANK, "01"), [
        ("RECORD_COUNT_OFF", "warning", 6, FILE, None),
    ]),
    "group without header": (without(BANK, "02"), [
        ("RECORD_COUNT_OFF", "warning", 5, FILE, None),
        ("RECORD_COUNT_OFF", "warning", 6, FILE, None),
        ("GROUP_MISSING", "error", 2, LINE, None),
    ]),
    "group without account": (NO_ACCOUNT, [
        ("EMPTY_GROUP", "warning", 2, FILE, None),
    ]),
    "detail outside": (BANK.replace("98,", "16,165,900,Z,,,/\n98,"), [
        ("STRAY_RECORD", "error", 6, FILE, Decimal("9.00")),
    ]),
    "account total off": (BANK.replace("49,5200", "49,5201"), [
        ("CONTROL_TOTAL_OFF", "error", 5, LINE, None),
        ("CONTROL_TOTAL_OFF", "error", 6, FILE, None),
    ]),
    "account count off": (BANK.replace("49,5200,3", "49,5200,4"), [
        ("RECORD_COUNT_OFF", "error", 5, LINE, None),
    ]),
    "group total off": (BANK.replace("98,5200", "98,5201"), [
        ("CONTROL_TOTAL_OFF", "error", 6, FILE, None),
        ("CONTROL_TOTAL_OFF", "error", 7, FILE, None),
    ]),
    "group states two accounts": (BANK.replace("98,5200,1", "98,5200,2"), [
        ("RECORD_COUNT_OFF", "error", 6, FILE, None),
    ]),
    "amount unreadable": (BANK.replace("165,700", "165,7x0"), [
        ("CONTROL_TOTAL_OFF", "error", 5, LINE, None),
        ("AMOUNT_UNREADABLE", "error", 4, LINE, None),
    ]),
    "day unreadable": (BANK.replace("260930", "269930"), [
        ("DATE_UNREADABLE", "error", 2, LINE, None),
    ]),
    "not final": (BANK.replace(",USD,2/", ",USD,3/"), [
        ("INTERIM_STATEMENT", "error", 2, LINE, None),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("damage", BANK_FILES)
def test_bank_file_with_one_damage_has_its_findings(damage):
    content, expected = BANK_FILES[damage]
    assert told(read_bai2(content.encode()).findings) == expected


def changed(record: str, at: int, value: str) -> str:
    """Return the ACH file with characters of one record replaced."""
    lines = ACH.split("\n")
    (number,) = [n for n, line in enumerate(lines) if line.startswith(record)]
    lines[number] = lines[number][:at] + value + lines[number][at + len(value) :]
    return "\n".join(lines)


ACH_FILES: dict[str, tuple[str, list[Told]]] = {
    "no NACHA": ("hello", [
        ("STRAY_RECORD", "error", 1, FILE, None),
        ("UNREADABLE_NACHA", "error", 0, FILE, None),
        ("TRUNCATED", "error", 1, FILE, None),
    ]),
    "batch total off": (changed("8220", 31, "1"), [
        ("FILE_CONTROL_OFF", "error", 6, FILE, None),
        ("BATCH_CONTROL_OFF", "error", 5, ENTRY, None),
    ]),
    "code unknown": (changed("622", 1, "20"), [
        ("UNKNOWN_TRANSACTION_CODE", "error", 3, ENTRY, Decimal("1500.00")),
    ]),
    "amount unreadable": (changed("622", 29, "x"), [
        ("BATCH_CONTROL_OFF", "error", 5, ENTRY, None),
        ("AMOUNT_UNREADABLE", "error", 3, ENTRY, None),
    ]),
    "record too long": (changed("705", 94, "more"), [
        ("RECORD_TOO_LONG", "warning", 4, FILE, None),
    ]),
    "batch without control": (without(ACH, "8"), [
        ("FILE_CONTROL_OFF", "error", 5, FILE, None),
        ("TRUNCATED", "error", 2, ENTRY, None),
    ]),
    "batch without header": (without(ACH, "5"), [("TRUNCATED", "error", 2, ENTRY, None)]),
    "file without control": (without(ACH, "9"), [("TRUNCATED", "error", 5, FILE, None)]),
    "returned entry": (ACH.replace("705", "799"), [
        ("RETURNED_ENTRY", "warning", 3, ENTRY, Decimal("1500.00")),
    ]),
    "notification of change": (ACH.replace("705", "798"), [
        ("NOTIFICATION_OF_CHANGE", "warning", 3, ENTRY, Decimal("1500.00")),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("damage", ACH_FILES)
def test_ach_file_with_one_damage_has_its_findings(damage):
    content, expected = ACH_FILES[damage]
    assert told(read_nacha(content.encode()).findings) == expected


def test_card_list_has_a_finding_for_each_element_that_it_cannot_read():
    unreadable = {**CHARGE, "amount": None, "amount_captured": "12"}
    assert told(read_card_list(b"{}").findings) == [("UNREADABLE_LIST", "error", 0, FILE, None)]
    assert told(read_card_list(page({}, {**CHARGE, "id": None}, unreadable)).findings) == [
        ("UNREADABLE_ELEMENT", "error", 1, FILE, None),
        ("UNREADABLE_ELEMENT", "error", 2, FILE, None),
        ("AMOUNT_UNREADABLE", "error", 3, "card_charge", None),
    ]
