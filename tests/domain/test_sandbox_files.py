"""The rendered bank, EHR and card files agree with the answer key and with other readers."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from bai2 import bai2
from fhir.resources.R4B.chargeitem import ChargeItem
from fhir.resources.R4B.coverage import Coverage
from fhir.resources.R4B.encounter import Encounter
from fhir.resources.R4B.patient import Patient

from sandbox.generate import generate

pytestmark = pytest.mark.promise(
    "The sandbox's bank, EHR and card files agree with its answer key and other readers"
)

AS_OF = date(2026, 10, 31)
# X12 segment -> record kind and where its amounts are.
COUNTED = {
    "CLM": ("claim", slice(2, 3)),
    "CLP": ("remittance_claim", slice(4, 5)),
    "PLB": ("provider_adjustment", slice(4, None, 2)),
}

Segment = list[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sandbox files")
    generate(20261031, 900, AS_OF, made)
    return made


@pytest.fixture(scope="module")
def key(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "answer_key.json").read_text("utf-8"))
    return found


def segments(path: Path) -> list[Segment]:
    text = path.read_text("ascii")
    return [part.strip().split("*") for part in text.split("~") if part.strip()]


def resources(folder: Path, kind: str) -> list[dict[str, Any]]:
    text = (folder / "fhir" / f"{kind}.ndjson").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def count_records(path: Path) -> dict[str, tuple[int, Decimal]]:
    """Count a file's records and dollars from its text alone."""
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    if path.suffix in (".bai", ".ach"):
        for line in path.read_text("ascii").splitlines():
            if path.suffix == ".bai" and line.startswith("16,"):
                amounts["bank_transaction"].append(Decimal(line.split(",")[2]) / 100)
            if path.suffix == ".ach" and line.startswith("6"):
                amounts["ach_entry"].append(Decimal(line[29:39]) / 100)
    else:
        for segment in segments(path):
            if segment[0] == "ST" and segment[1] in {"999", "277"}:
                amounts["x12_transaction"].append(Decimal(0))
            kind, places = COUNTED.get(segment[0], ("", slice(0)))
            amounts[kind] += map(Decimal, segment[places])
    return {kind: (len(found), sum(found, Decimal(0))) for kind, found in amounts.items() if kind}


def test_files_hold_the_records_and_dollars_of_the_key(folder: Path, key: dict[str, Any]) -> None:
    for item in key["files"]:
        path = folder / "sftp" / item["path"]
        assert count_records(path) == {
            kind: (found["count"], Decimal(found["amount"]))
            for kind, found in item["records"].items()
        }, item["path"]
    on_disk = sum(path.is_file() for path in (folder / "sftp").rglob("*"))
    assert on_disk == len(key["files"])


def test_the_ehr_charges_of_a_claim_are_its_total(folder: Path) -> None:
    accounts = {
        item["id"]: item["identifier"][0]["value"] for item in resources(folder, "Encounter")
    }
    charged: Counter[str] = Counter()
    for item in resources(folder, "ChargeItem"):
        if item["status"] == "billable":
            account = accounts[item["context"]["reference"].removeprefix("Encounter/")]
            charged[account] += round(item["priceOverride"]["value"] * 100)
    for path in (folder / "sftp/clearinghouse/sent").iterdir():
        for segment in segments(path):
            if segment[0] == "CLM":
                assert Decimal(charged[segment[1]]) / 100 == Decimal(segment[2])


def test_bank_statements_pass_the_bai2_library_and_their_balances_roll(folder: Path) -> None:
    closing: dict[str, Decimal] = {}
    for path in sorted((folder / "sftp/bank/statements").iterdir()):
        lines = path.read_text("ascii").splitlines()
        (group,) = bai2.parse_from_lines(lines, check_integrity=True).children
        for account in group.children:
            number = account.header.customer_account_number
            summary = {item.type_code.code: item.amount for item in account.header.summary_items}
            assert closing.get(number, summary["010"]) == summary["010"]
            closing[number] = summary["015"]
    assert set(closing) == {"4410001001", "4410001002"}


def test_ach_files_have_whole_blocks_and_right_controls(folder: Path) -> None:
    for path in sorted((folder / "sftp/bank/ach").iterdir()):
        lines = path.read_text("ascii").splitlines()
        assert {len(line) for line in lines} == {94}
        assert len(lines) % 10 == 0
        entries = [line for line in lines if line.startswith("6")]
        (control,) = (line for line in lines if line[0] == "9" and line != "9" * 94)
        assert int(control[1:7]) == sum(line.startswith("5") for line in lines)
        assert int(control[7:13]) * 10 == len(lines)
        assert int(control[13:21]) == 2 * len(entries)
        assert int(control[21:31]) == sum(int(line[3:11]) for line in entries) % 10**10
        assert int(control[43:55]) == sum(int(line[29:39]) for line in entries)
        addenda = [line for line in lines if line.startswith("705TRN*1*")]
        assert len(addenda) == len(entries)


def test_each_payment_of_the_key_is_at_the_bank_once_with_its_true_amount(
    folder: Path, key: dict[str, Any]
) -> None:
    received: Counter[tuple[str, int]] = Counter()
    for path in (folder / "sftp/bank/statements").iterdir():
        for line, following in pairwise(path.read_text("ascii").splitlines()):
            if line.startswith("16,142") and following.startswith("88,"):
                received[following.split("*")[2], int(line.split(",")[2])] += 1
    expected = Counter(
        (item["trace"], int(Decimal(item["amount"]) * 100))
        for item in key["reassociation"]
        if item["value_date"] and item["method"] == "ACH"
    )
    (stray,) = (
        item for item in key["planted_errors"] if item["expected_code"] == "UNMATCHED_DEPOSIT"
    )
    expected[stray["reference"], int(Decimal(stray["amount"]) * 100)] += 1
    assert received == expected


@pytest.mark.parametrize("model", [Patient, Coverage, Encounter, ChargeItem])
def test_resources_are_valid_fhir(folder: Path, model: Any) -> None:
    found = resources(folder, model.__name__)
    assert found
    for resource in found[:: max(len(found) // 150, 1)]:
        model.model_validate(resource)


def test_references_between_resources_resolve(folder: Path) -> None:
    patients = {f"Patient/{item['id']}" for item in resources(folder, "Patient")}
    encounters = {f"Encounter/{item['id']}" for item in resources(folder, "Encounter")}
    charges = resources(folder, "ChargeItem")
    assert {item["context"]["reference"] for item in charges} <= encounters
    assert {item["subject"]["reference"] for item in charges} <= patients
    covered = {item["beneficiary"]["reference"] for item in resources(folder, "Coverage")}
    assert covered <= patients
    assert {item["status"] for item in charges} == {"billable", "entered-in-error"}


def test_card_lists_add_up_to_the_key_and_payouts_to_their_movements(
    folder: Path, key: dict[str, Any]
) -> None:
    lists = {
        name: json.loads((folder / "cards" / f"{name}.json").read_text("utf-8"))
        for name in ("charges", "refunds", "payouts", "balance_transactions")
    }
    for name, kind, amount in (
        ("charges", "card_charge", "amount_captured"),
        ("refunds", "card_refund", "amount"),
        ("payouts", "card_payout", "amount"),
        ("balance_transactions", "card_balance_transaction", "fee"),
    ):
        total = key["totals"][kind]
        assert total["count"] == len(lists[name])
        cents = sum(item[amount] for item in lists[name])
        assert Decimal(total["amount"]) == Decimal(cents) / 100
    by_payout: Counter[str] = Counter()
    for item in lists["balance_transactions"]:
        if item["_payout"]:
            by_payout[item["_payout"]] += item["net"]
    assert set(by_payout.values()) == {0}
    assert len(by_payout) == len(lists["payouts"])


def test_each_canary_is_in_claims_and_records(folder: Path, key: dict[str, Any]) -> None:
    assert len(key["canaries"]) == 2
    for kind in ("sftp/clearinghouse/sent", "fhir"):
        text = "".join(path.read_text("ascii") for path in (folder / kind).iterdir())
        for canary in key["canaries"]:
            assert canary in text


def test_files_look_as_old_as_their_business_date(folder: Path) -> None:
    path = folder / "sftp/bank/statements/BAI2_20260302.bai"
    assert datetime.fromtimestamp(path.stat().st_mtime, UTC).date() == date(2026, 3, 2)
