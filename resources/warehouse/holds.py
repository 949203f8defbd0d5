"""Why entries may not go, entry by entry, for people: what decides is `ledger.hold`."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg


@dataclass(frozen=True)
class HeldEntry:
    """An unsent entry with one of the reasons that keep it back; `gross_amount` in US dollars."""

    entry_id: int
    entity_code: str
    state: str
    code: str
    detail: str
    gross_amount: Decimal
    owner: str


@dataclass(frozen=True)
class Blocked:
    """What one reason keeps back: entries, the dollars of their debits, and who mends it."""

    code: str
    owner: str
    entries: int
    gross_amount: Decimal


def held_entries(connection: psycopg.Connection[Any], limit: int = 50) -> list[HeldEntry]:
    """Return unsent entries that something holds, the largest first, with each of the reasons."""
    rows = connection.execute(
        "select e.entry_id, e.entity_code, e.state, h.code, coalesce(h.detail, ''),"
        " e.gross_amount, coalesce(o.owner, 'nobody')"
        " from ledger.entry e join ledger.hold h using (entry_id)"
        " left join ledger.hold_owner o on o.code = h.code"
        " where e.state in ('proposed', 'approved')"
        " order by e.gross_amount desc, e.entry_id, h.code limit %s",
        (limit,),
    )
    return [HeldEntry(*row) for row in rows]


def blocked(connection: psycopg.Connection[Any]) -> list[Blocked]:
    """Return what each reason keeps back; an entry with two reasons counts under both."""
    rows = connection.execute(
        "select held.code, coalesce(o.owner, 'nobody'), count(*), sum(e.gross_amount)"
        " from (select distinct entry_id, code from ledger.hold) held"
        " join ledger.entry e using (entry_id) left join ledger.hold_owner o using (code)"
        " where e.state in ('proposed', 'approved') group by 1, 2 order by 1"
    )
    return [Blocked(*row) for row in rows]
