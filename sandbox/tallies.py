"""Records and dollars of every file and API, per kind of record, counted in the world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sandbox.bank import ACH_CREDIT, BankLine
from sandbox.faults import again_name, other_name
from sandbox.remittances import Remittance
from sandbox.stories import ClaimSent
from sandbox.world import World

Records = dict[str, tuple[int, int]]

SENT, REMITTANCES = "clearinghouse/sent", "clearinghouse/remittances"
STATEMENTS, ACH = "bank/statements", "bank/ach"


@dataclass(frozen=True)
class FileTally:
    """One file (path under the SFTP root) or API, with count and cents per record kind."""

    path: str
    records: Records


def claims_by_file(claims: Iterable[ClaimSent]) -> dict[str, list[ClaimSent]]:
    """Group claims as sent: one file per entity and day."""
    groups: dict[str, list[ClaimSent]] = defaultdict(list)
    for claim in sorted(claims, key=lambda one: one.sent):
        facility = claim.encounter.facility
        name = f"837{facility.kind}_{facility.entity.code}_{claim.sent:%Y%m%d}.837"
        groups[f"{SENT}/{name}"].append(claim)
    return dict(groups)


def remittances_by_file(remittances: Iterable[Remittance]) -> dict[str, list[Remittance]]:
    """Group remittances by the file that carries them."""
    return {
        f"{REMITTANCES}/{name}": list(items)
        for name, items in groupby(remittances, key=lambda item: item.file_name)
    }


def ach_by_day(lines: Iterable[BankLine]) -> dict[date, list[BankLine]]:
    """Group the payers' ACH credits by value date: one file a day."""
    groups: dict[date, list[BankLine]] = defaultdict(list)
    for line in lines:
        if line.purpose == "payer" and line.type_code == ACH_CREDIT:
            groups[line.value_date].append(line)
    return dict(groups)


def file_tallies(world: World) -> list[FileTally]:
    """Return the tally of every file on the SFTP server, by path."""
    made = [
        FileTally(path, {"claim": (len(sent), sum(one.encounter.billed_cents for one in sent))})
        for path, sent in claims_by_file(world.stories.sent).items()
    ]
    made += _remittance_tallies(world)
    made += _bank_tallies(world)
    return sorted(made, key=lambda tally: tally.path)


def _remittance_tallies(world: World) -> Iterator[FileTally]:
    copies = {
        f"{REMITTANCES}/{world.planted.copied_file}": other_name,
        f"{REMITTANCES}/{world.planted.enveloped_again_file}": again_name,
    }
    for path, items in remittances_by_file(world.planted.remittances).items():
        claims = [claim for item in items for claim in item.readable_claims]
        plbs = [plb for item in items for plb in item.readable_adjustments]
        records: Records = {
            "remittance_claim": (len(claims), sum(claim.paid for claim in claims)),
        }
        if plbs:
            records["provider_adjustment"] = (len(plbs), sum(plb.cents for plb in plbs))
        yield FileTally(path, records)
        if path in copies:
            name = copies[path](path.rpartition("/")[2])
            yield FileTally(f"{REMITTANCES}/{name}", dict(records))


def _bank_tallies(world: World) -> Iterator[FileTally]:
    by_day: dict[date, list[int]] = defaultdict(list)
    for statement in world.statements:
        by_day[statement.day] += [line.cents for line in statement.lines]
    for day, cents in by_day.items():
        records: Records = {"bank_transaction": (len(cents), sum(cents))} if cents else {}
        yield FileTally(f"{STATEMENTS}/BAI2_{day:%Y%m%d}.bai", records)
    for day, lines in ach_by_day(world.bank_lines).items():
        entries = {"ach_entry": (len(lines), sum(line.cents for line in lines))}
        yield FileTally(f"{ACH}/ACH_{day:%Y%m%d}.ach", entries)


def api_tallies(world: World) -> list[FileTally]:
    """Return the tallies of what the EHR and the card processor serve."""
    charges = [
        charge.cents
        for encounter in world.encounters
        for charge in encounter.charges
        if charge.posted_date <= world.as_of
    ]
    cards = world.cards
    captured = [charge for charge in cards.charges if not charge.is_declined]
    movements = len(captured) + len(cards.refunds) + len(cards.payouts)
    records: Records = {
        "ehr_charge": (len(charges), sum(charges)),
        "card_charge": (len(cards.charges), sum(charge.cents for charge in captured)),
        "card_refund": (len(cards.refunds), sum(refund.cents for refund in cards.refunds)),
        "card_payout": (len(cards.payouts), sum(payout.cents for payout in cards.payouts)),
        "card_balance_transaction": (movements, sum(charge.fee for charge in captured)),
    }
    return [FileTally(kind, {kind: tally}) for kind, tally in records.items()]
