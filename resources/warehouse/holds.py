"""Why entries may not go, entry by entry, for people: what decides is `ledger.hold_reasons`."""

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


def held_entries(connection: psycopg.Connection[Any], limit: int = 50) -> list[HeldEntry]:
    """Return unsent entries that something holds, the largest first, with each of the reasons."""
    rows = connection.execute(
        "select e.entry_id, e.entity_code, e.state, h.code, coalesce(h.detail, ''), e.gross_amount"
        " from ledger.entry e cross join lateral ledger.hold_reasons(e.entry_id) h"
        " where e.state in ('proposed', 'approved')"
        " order by e.gross_amount desc, e.entry_id, h.code limit %s",
        (limit,),
    )
    return [HeldEntry(*row) for row in rows]
