"""`tieout audit recoupments`: account 2130 by payer and PLB reference, with age and reversal."""

from typing import Any

import psycopg

from orchestration.errors import ExpectedError
from orchestration.status import rows
from orchestration.tables import table

COLUMNS = ("entity", "payer", "item", "codes", "first", "deferred", "taken", "decided", "open",
           "days", "bucket", "reversals", "reversed", "by")  # fmt: skip
ITEMS = """
select entity_code, payer_code, item_key, adjustment_codes, has_reference, first_date, last_date,
       deferred_amount, taken_amount, decided_amount, open_amount, age_days, bucket,
       reversal_count, reversal_key, reversed_paid_amount, linked_by
from marts.mart_recoupment_item
where %s or open_amount <> 0
order by entity_code, age_days desc, payer_code, item_key
"""


def gather(connection: psycopg.Connection[Any], *, is_all: bool) -> list[dict[str, Any]]:
    """Open items, settled ones too when all are asked for. Raises ExpectedError before a build."""
    try:
        return rows(connection, ITEMS, is_all)
    except psycopg.errors.UndefinedTable:
        raise ExpectedError("nothing is built yet: `tieout run` builds") from None


def render(found: list[dict[str, Any]]) -> list[str]:
    """The same content as text."""
    if not found:
        return ["No recoupment is open."]
    listed = [
        (one["entity_code"], one["payer_code"], one["item_key"][:12], one["adjustment_codes"],
         one["first_date"], one["deferred_amount"], one["taken_amount"],
         one["decided_amount"], one["open_amount"],
         one["age_days"], one["bucket"] or "settled", one["reversal_count"],
         one["reversed_paid_amount"], one["linked_by"])
        for one in found
    ]  # fmt: skip
    lost = sum(1 for one in found if not one["has_reference"])
    note = [f"{lost:,} without a reference: nothing can clear them"] if lost else []
    return [f"{len(found):,} items", *note, *table(COLUMNS, listed)]
