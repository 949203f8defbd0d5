"""`tieout prove`: every tie-out worked out again, from the archived bytes to the ERP's own books.

T1 and T2 read each archived file again, T15 builds everything anew from the archive, T9 and T14
ask the ERP now; the others ask the database now. What an earlier build recorded is not believed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from billing.ledger.erp import ErpLedger, compare
from orchestration.prove_archive import archive_tie_outs
from orchestration.status import rows
from orchestration.tables import table
from resources.archive import Archive
from resources.erp_choice import erp_ledger
from resources.settings import Settings
from resources.warehouse import ledger, sending, tie_outs
from resources.warehouse.database import connect
from resources.warehouse.tie_outs import TieOutResult

EXPECTED_IN_ERP = """
with demanded as (
    select entity_code, account, signed_amount as amount
    from marts.fct_ledger_line
    where reaches_erp or (event like 'opening.%' and account <> '3990')
),
unsent as (
    select e.entity_code, l.account, l.credit_amount - l.debit_amount as amount
    from ledger.entry e join ledger.entry_line l using (entry_id)
    where e.state not in ('posted', 'void')
),
explained as (
    select entity_code, account, amount from ledger.foreign_state
    where state = 'accepted'
      and accounting_date <= (select as_of_date from ops.installation)
)
select entity_code, account, sum(amount) as amount
from (select * from demanded union all select * from unsent
      union all select * from explained
      union all select entity_code, account, balance_amount from ledger.carried_balance) as sides
group by entity_code, account
"""
COMPARED = "select account from ledger.compared_account where entity_code = %s"
AS_OF = "select as_of_date from ops.installation"
TITLES = {**{one.id: one.title for one in tie_outs.TIE_OUTS}, **tie_outs.OTHER_TITLES}
FIFTEEN = tuple(f"T{number}" for number in range(1, 16))


def gather(
    settings: Settings, rebuilt: Callable[[Settings], Iterable[TieOutResult]] | None = None
) -> dict[str, Any]:
    """Both sides of every tie-out in each of its scopes, and those left out.

    `rebuilt` works T15 out; without it T15 is left out, and said to be.
    """
    erp = erp_ledger(settings.erp)
    with closing(connect(settings.database, "transform")) as connection:
        found = [
            *archive_tie_outs(connection, Archive(settings.archive_folder)),
            *(one for one in tie_outs.evaluate(connection, "build") if one.id != "T1"),
            *tie_outs.evaluate(connection, "prove"),
            *balances(connection, erp),
        ]
    with closing(connect(settings.database, "auditor")) as connection:
        found += _documents(connection, erp)
    found += rebuilt(settings) if rebuilt else []
    proved = {one.id for one in found}
    return {
        "tie_outs": [_facts(one) for one in sorted(found, key=lambda one: int(one.id[1:]))],
        "left_out": [number for number in FIFTEEN if number not in proved],
    }


def holds(found: dict[str, Any]) -> bool:
    """Whether every tie-out holds; none at all proves nothing."""
    return bool(found["tie_outs"]) and all(one["holds"] for one in found["tie_outs"])


def _facts(result: TieOutResult) -> dict[str, Any]:
    return {
        "id": result.id,
        "scope": result.scope,
        "title": TITLES[result.id],
        "left": result.left,
        "right": result.right,
        "difference": result.difference,
        "breaks": result.breaks,
        "holds": result.holds,
    }


def balances(connection: psycopg.Connection[Any], erp: ErpLedger) -> Iterator[TieOutResult]:
    """T9 per entity and account: sub-ledger less waiting and held, and the ERP's balance now.

    With what others entered and a person explained, and with what was carried in.
    Accounts without a balance on either side are left out.
    """
    (as_of,) = rows(connection, AS_OF)
    expected = {
        (row["entity_code"], row["account"]): row["amount"]
        for row in rows(connection, EXPECTED_IN_ERP)
    }
    entities = [
        row["entity_code"] for row in rows(connection, "select entity_code from ops.entity")
    ]
    actual = {
        (entity, account): amount
        for entity in entities
        for account, amount in _compared(connection, erp, entity, as_of["as_of_date"]).items()
    }
    for key in sorted({*expected, *actual}):
        left, right = expected.get(key, Decimal(0)), actual.get(key, Decimal(0))
        if left or right:
            yield TieOutResult("T9", "/".join(key), left, right, 0)


def _compared(
    connection: psycopg.Connection[Any], erp: ErpLedger, entity: str, as_of: date
) -> dict[str, Decimal]:
    compared = {account for (account,) in connection.execute(COMPARED, [entity])}
    told = erp.balances(entity, as_of)
    return {account: amount for account, amount in told.items() if account in compared}


def _documents(connection: psycopg.Connection[Any], erp: ErpLedger) -> Iterable[TieOutResult]:
    """T14 per entity: what was posted, and the documents as the ERP gives them now."""
    found: dict[str, TieOutResult] = {}
    for entry in ledger.entries(connection, "posted"):
        sent = sending.journal_entry(connection, entry.entry_id)
        document = erp.find(sent.entity, sent.key)
        breaks = ["absent"] if document is None else compare(sent, document)
        debits = [line.debit for line in document.lines] if document else []
        so_far = found.get(sent.entity) or TieOutResult(
            "T14", sent.entity, Decimal(0), Decimal(0), 0
        )
        found[sent.entity] = replace(
            so_far,
            left=so_far.left + sum((line.debit for line in sent.lines), Decimal(0)),
            right=so_far.right + sum(debits, Decimal(0)),
            breaks=so_far.breaks + len(breaks),
        )
    return found.values()


def render(found: dict[str, Any]) -> list[str]:
    """The same content as text."""
    columns = ["id", "scope", "left", "right", "difference", "holds", "what"]
    listed = [
        (one["id"], one["scope"], one["left"], one["right"], one["difference"], one["holds"],
         one["title"])
        for one in found["tie_outs"]
    ]  # fmt: skip
    broken = sum(1 for one in found["tie_outs"] if not one["holds"])
    verdict = "every tie-out holds" if holds(found) else f"{broken} do not hold"
    left_out = f"; left out: {', '.join(found['left_out'])}" if found["left_out"] else ""
    return [
        *table(columns, listed),
        "",
        f"{verdict}{left_out}",
    ]
