"""The invented world: repeatable, balanced, in its period, with every planted error listed."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from sandbox.answers import AnswerKey, make_answer_key
from sandbox.days import first_day
from sandbox.generate import generate
from sandbox.payers import PAYERS
from sandbox.places import ENTITIES, FACILITIES
from sandbox.world import World, make_world

pytestmark = pytest.mark.promise(
    "The sandbox is repeatable from its seed and balances per entity",
    "The sandbox plants every kind of error and lists it in the answer key",
)

AS_OF = date(2026, 10, 31)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(11, 600, AS_OF)


@pytest.fixture(scope="module")
def key(world: World) -> AnswerKey:
    return make_answer_key(world, 600)


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_arguments_give_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    generate(5, 200, AS_OF, tmp_path / "one")
    generate(5, 200, AS_OF, tmp_path / "two")
    generate(6, 200, AS_OF, tmp_path / "other")
    one = folder_bytes(tmp_path / "one")
    assert one == folder_bytes(tmp_path / "two")
    other = folder_bytes(tmp_path / "other")
    shared = [name for name in one if name in other and name.endswith(".835")]
    assert shared
    assert all(one[name] != other[name] for name in shared)


def test_generating_again_replaces_what_an_earlier_run_made(tmp_path: Path) -> None:
    generate(5, 200, AS_OF, tmp_path / "again")
    generate(6, 200, AS_OF, tmp_path / "again")
    generate(6, 200, AS_OF, tmp_path / "fresh")
    assert folder_bytes(tmp_path / "again") == folder_bytes(tmp_path / "fresh")


def test_too_few_claims_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 150"):
        make_world(1, 149, AS_OF)


@pytest.mark.parametrize("seed", range(6))
def test_every_kind_of_error_is_planted_in_small_worlds_of_any_seed(seed: int) -> None:
    planted = make_world(seed, 150, AS_OF).planted
    kinds = Counter(error.kind for error in planted.errors)
    assert set(kinds.values()) == {1}
    assert set(kinds) == {
        "payment_off_by_a_cent", "claim_off_by_a_cent", "line_off_by_a_cent", "unknown_reason",
        "truncated_file", "duplicate_file", "enveloped_again", "unknown_account",
        "unmatched_deposit", "card_unknown_account",
    }  # fmt: skip
    files = [error.other_file_name or error.file_name for error in planted.errors]
    assert len(set(files)) == len(files)


def test_exactly_the_asked_number_of_primary_claims_was_sent(world: World) -> None:
    originals = [
        claim for claim in world.stories.sent if claim.sequence == "P" and claim.frequency == "1"
    ]
    assert len(originals) == 600
    assert len({claim.encounter.account for claim in originals}) == 600


def test_nothing_happens_after_the_as_of_date_or_before_the_first_day(world: World) -> None:
    days = [
        *(claim.sent for claim in world.stories.sent),
        *(item.payment_date for item in world.planted.remittances),
        *(line.value_date for line in world.bank_lines),
        *(charge.created.date() for charge in world.cards.charges),
        *(refund.created.date() for refund in world.cards.refunds),
    ]
    assert max(days) <= AS_OF
    assert min(item.start for item in world.encounters) >= first_day(AS_OF) == date(2026, 2, 1)
    assert max(item.start for item in world.encounters) <= AS_OF


def test_claims_go_out_two_to_six_days_after_the_service(world: World) -> None:
    waits = {
        (item.submitted - item.end).days for item in world.encounters if item.submitted is not None
    }
    assert min(waits) >= 2
    assert max(waits) <= 6


def test_account_numbers_are_unique_and_short_enough_for_a_claim(world: World) -> None:
    accounts = [item.account for item in world.encounters]
    assert len(set(accounts)) == len(accounts)
    assert all(text.isalnum() and text == text.upper() and len(text) <= 17 for text in accounts)


def test_the_world_holds_every_story_that_payers_tell() -> None:
    world = make_world(20261031, 1500, AS_OF)
    claims = [claim for item in world.planted.remittances for claim in item.claims]
    assert {"1", "2", "4", "19", "22"} <= {claim.status for claim in claims}
    assert any(claim.claim_level_only for claim in claims)
    reasons = {
        (plb.reason, plb.cents > 0)
        for item in world.planted.remittances
        for plb in item.provider_adjustments
    }
    assert reasons == {
        ("L6", False), ("WO", False), ("WO", True), ("FB", False), ("FB", True)
    }  # fmt: skip
    assert {item.method for item in world.planted.remittances} == {"ACH", "CHK", "NON"}
    assert any(claim.sequence == "S" for claim in world.stories.sent)
    assert any(claim.frequency == "7" for claim in world.stories.sent)
    assert any(item.submitted is None and item.payer for item in world.encounters)


def test_about_eight_percent_pay_themselves_and_twelve_percent_have_a_second_payer() -> None:
    encounters = make_world(20261031, 3000, AS_OF).encounters
    self_pay = sum(item.payer is None for item in encounters) / len(encounters)
    second = sum(item.secondary is not None for item in encounters) / len(encounters)
    assert 0.06 < self_pay < 0.10
    assert 0.09 < second < 0.15


def test_no_payment_is_negative_and_every_payment_is_claims_less_adjustments(
    world: World,
) -> None:
    for item in world.planted.remittances:
        claims = sum(claim.paid for claim in item.claims)
        adjusted = sum(plb.cents for plb in item.provider_adjustments)
        assert item.amount == claims - adjusted >= 0
        assert (item.method == "NON") == (item.amount == 0)


def test_traces_are_unique_per_payer(world: World) -> None:
    traces = [(item.payer.code, item.trace) for item in world.planted.remittances]
    assert len(set(traces)) == len(traces)


def test_what_is_carried_forward_comes_back_under_the_same_reference() -> None:
    remittances = make_world(20261031, 1500, AS_OF).planted.remittances
    for reason in ("FB", "WO"):
        sums: Counter[tuple[str, str, str]] = Counter()
        for item in remittances:
            for plb in item.provider_adjustments:
                if plb.reason == reason:
                    sums[item.payer.code, item.facility.code, plb.reference] += plb.cents
        assert 0 in sums.values()
        assert all(total <= 0 for total in sums.values())


def test_the_key_balances_per_entity(key: AnswerKey) -> None:
    assert set(key.general_ledger) == {"NLH", "NPG"}
    for balances in key.general_ledger.values():
        assert sum(map(Decimal, balances.values())) == 0
        assert Decimal(balances["4010"]) < 0 < Decimal(balances["1110"])


def test_the_receivables_of_all_accounts_add_up_to_the_ledger(key: AnswerKey) -> None:
    for entity, account, side in (
        ("NLH", "1110", "payer"), ("NLH", "1120", "patient"),
        ("NPG", "1110", "payer"), ("NPG", "1120", "patient"),
    ):  # fmt: skip
        total = sum(
            Decimal(item[side]) for item in key.receivables.values() if item["entity"] == entity
        )
        assert total == Decimal(key.general_ledger[entity][account])
        assert total == Decimal(key.receivable_totals[entity][side])


def test_each_patient_credit_waits_for_a_person(key: AnswerKey) -> None:
    credit = {
        account: -Decimal(item["patient"])
        for account, item in key.receivables.items()
        if Decimal(item["patient"]) < 0
    }
    assert credit
    assert {item["account_number"]: Decimal(item["amount"]) for item in key.waiting} == credit


def test_cash_in_the_key_is_what_the_bank_balances_moved(world: World, key: AnswerKey) -> None:
    for entity in ENTITIES:
        own = [item for item in world.statements if item.entity == entity]
        moved = own[-1].closing - own[0].opening
        assert Decimal(key.general_ledger[entity.code]["1010"]) == Decimal(moved) / 100


def test_payer_clearing_is_explained_item_by_item(world: World, key: AnswerKey) -> None:
    """1050 holds payments not yet at the bank, less deposits whose remittance waits."""
    for entity in ENTITIES:
        expected = 0
        for item in world.planted.remittances:
            if item.facility.entity == entity:
                waiting = sum(claim.paid for claim in item.claims if claim.waits)
                posted = 0 if item.waits else item.amount - waiting
                arrived = item.amount if item.value_date <= AS_OF else 0
                expected += posted - arrived
        assert Decimal(key.general_ledger[entity.code]["1050"]) == Decimal(expected) / 100


def test_the_governance_file_names_the_same_group() -> None:
    text = (ROOT / "governance" / "entities.yaml").read_text("utf-8")
    found = yaml.safe_load(text)
    listed = {
        (entity["entity_code"], entity["tin"], account, place["facility_code"], npi)
        for entity in found["entities"]
        for account in entity["bank_accounts"]
        for place in entity["facilities"]
        for npi in place["provider_ids"]
    }
    assert listed == {
        (item.entity.code, item.entity.tin, item.entity.bank_account, item.code, item.npi)
        for item in FACILITIES
    }


@pytest.mark.parametrize("npi", [item.npi for item in FACILITIES])
def test_provider_numbers_have_their_check_digit(npi: str) -> None:
    digits = [int(digit) for digit in f"80840{npi}"]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    assert (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def test_payer_trace_ids_are_one_and_the_tax_id() -> None:
    assert [payer.trace_id for payer in PAYERS] == [f"152000000{n}" for n in range(1, 7)]


def test_the_key_is_readable_json_of_text_amounts(key: AnswerKey, tmp_path: Path) -> None:
    found = json.loads(key.write(tmp_path).read_text("utf-8"))
    assert found["as_of"] == "2026-10-31"
    assert found["totals"]["remittance_claim"]["amount"].count(".") == 1
    assert {item["month"] for item in found["initial_denials"]} <= {
        f"2026-{month:02d}" for month in range(2, 11)
    }
