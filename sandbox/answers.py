"""The answer key: what a reader of the files must find. Computed from the world, not from files."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sandbox.acknowledgements import answers, rejections
from sandbox.amounts import decimal_text
from sandbox.book import (
    PATIENT_CREDITS,
    PATIENT_RECEIVABLE,
    PAYER_RECEIVABLE,
    Book,
    accepted_claims,
    keep_book,
    patient_credits,
)
from sandbox.faults import PlantedError
from sandbox.patients import CANARIES
from sandbox.places import ENTITIES
from sandbox.render_acknowledgements import acknowledgement_name
from sandbox.tallies import REMITTANCES, FileTally, api_tallies, file_tallies
from sandbox.world import World

FILE_NAME = "answer_key.json"


@dataclass(frozen=True)
class AnswerKey:
    """The expected outcome. Money is text with two places; balances are debit positive.

    general_ledger: entity -> account -> balance, without the entries in `waiting`.
    receivables: patient account -> entity, payer (1110) and patient (1120) balance.
    waiting: patient credit balances, an entry 1120/2125 each, that wait for a person.
    totals and files: per record kind the count of records and their dollars. Bank transactions
    count without sign, card balance transactions by their fee.
    reassociation: each payment with its deposit; value_date is null while not at the bank.
    """

    seed: int
    claims: int
    as_of: str
    canaries: tuple[str, ...]
    planted_errors: list[dict[str, Any]]
    general_ledger: dict[str, dict[str, str]]
    receivables: dict[str, dict[str, str]]
    receivable_totals: dict[str, dict[str, str]]
    waiting: list[dict[str, str]]
    totals: dict[str, dict[str, Any]]
    files: list[dict[str, Any]]
    initial_denials: list[dict[str, Any]]
    reassociation: list[dict[str, Any]]

    def write(self, folder: Path) -> Path:
        """Write the key into a folder as JSON and return the file's path."""
        path = folder / FILE_NAME
        path.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n", "utf-8")
        return path


def make_answer_key(world: World, claims: int) -> AnswerKey:
    """Compute the key of a world."""
    book = keep_book(world)
    entity_of = {item.account: item.facility.entity.code for item in world.encounters}
    tallies = sorted([*file_tallies(world), *_acknowledged(world)], key=lambda one: one.path)
    return AnswerKey(
        seed=world.seed,
        claims=claims,
        as_of=world.as_of.isoformat(),
        canaries=CANARIES,
        planted_errors=[
            _error(item)
            for item in (*world.planted.errors, *rejections(world.stories, world.as_of))
        ],
        general_ledger=_general_ledger(book),
        receivables=_receivables(book, entity_of),
        receivable_totals=_receivable_totals(book),
        waiting=_waiting(book, entity_of),
        totals=_totals(world, tallies),
        files=[_file(tally) for tally in tallies],
        initial_denials=_initial_denials(world),
        reassociation=_reassociation(world),
    )


def _acknowledged(world: World) -> list[FileTally]:
    """Acknowledgements carry no dollars of their own: a transaction is the record."""
    return [
        FileTally(
            f"{REMITTANCES}/{acknowledgement_name(answered.day)}",
            {"x12_transaction": (answered.transaction_count, 0)},
        )
        for answered in answers(world.stories, world.as_of)
    ]


def _error(item: PlantedError) -> dict[str, Any]:
    facts = asdict(item)
    facts["amount"] = decimal_text(facts.pop("cents"))
    return facts


def _general_ledger(book: Book) -> dict[str, dict[str, str]]:
    ledger: dict[str, dict[str, str]] = {entity.code: {} for entity in ENTITIES}
    for (entity, account), cents in sorted(book.balances.items()):
        ledger[entity][account] = decimal_text(cents)
    return ledger


def _receivables(book: Book, entity_of: dict[str, str]) -> dict[str, dict[str, str]]:
    return {
        account: {
            "entity": entity_of[account],
            "payer": decimal_text(sums[PAYER_RECEIVABLE]),
            "patient": decimal_text(sums[PATIENT_RECEIVABLE]),
        }
        for account, sums in sorted(book.receivables.items())
    }


def _receivable_totals(book: Book) -> dict[str, dict[str, str]]:
    return {
        entity.code: {
            "payer": decimal_text(book.balances[entity.code, PAYER_RECEIVABLE]),
            "patient": decimal_text(book.balances[entity.code, PATIENT_RECEIVABLE]),
        }
        for entity in ENTITIES
    }


def _waiting(book: Book, entity_of: dict[str, str]) -> list[dict[str, str]]:
    return [
        {
            "entity": entity_of[account],
            "account_number": account,
            "debit": PATIENT_RECEIVABLE,
            "credit": PATIENT_CREDITS,
            "amount": decimal_text(cents),
        }
        for account, cents in patient_credits(book).items()
    ]


def _totals(world: World, tallies: list[FileTally]) -> dict[str, dict[str, Any]]:
    counts: Counter[str] = Counter()
    cents: Counter[str] = Counter()
    for tally in (*tallies, *api_tallies(world)):
        for kind, (count, amount) in tally.records.items():
            counts[kind] += count
            cents[kind] += amount
    return {
        kind: {"count": counts[kind], "amount": decimal_text(cents[kind])}
        for kind in sorted(counts)
    }


def _file(tally: FileTally) -> dict[str, Any]:
    return {
        "path": tally.path,
        "records": {
            kind: {"count": count, "amount": decimal_text(cents)}
            for kind, (count, cents) in sorted(tally.records.items())
        },
    }


def _initial_denials(world: World) -> list[dict[str, Any]]:
    """Count first decisions that deny, per month of payment, entity and payer."""
    groups: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    seen: set[tuple[str, str]] = set()
    for claim in accepted_claims(world.planted.remittances):
        key = claim.encounter.account, claim.payer.code
        if key in seen or not claim.is_known:
            continue
        seen.add(key)
        entity = claim.encounter.facility.entity.code
        group = groups[f"{claim.payment_date:%Y-%m}", entity, claim.payer.code]
        denied = sum(item.cents for item in claim.adjustments() if item.is_denial)
        group.update(decided=1, claims=int(denied > 0), cents=denied)
    return [
        {
            "month": month,
            "entity": entity,
            "payer": payer,
            "decided_claims": group["decided"],
            "denied_claims": group["claims"],
            "denied_amount": decimal_text(group["cents"]),
        }
        for (month, entity, payer), group in sorted(groups.items())
    ]


def _reassociation(world: World) -> list[dict[str, Any]]:
    return [
        {
            "trace": item.trace,
            "payer": item.payer.code,
            "entity": item.facility.entity.code,
            "facility": item.facility.code,
            "payment_date": item.payment_date.isoformat(),
            "value_date": item.value_date.isoformat() if _is_deposited(world, item) else None,
            "amount": decimal_text(item.amount),
            "method": item.method,
            "file_name": item.file_name,
            "transaction_no": item.transaction_no,
        }
        for item in world.planted.remittances
    ]


def _is_deposited(world: World, item: Any) -> bool:
    return bool(item.amount) and item.value_date <= world.as_of
