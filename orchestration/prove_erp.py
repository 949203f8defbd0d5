"""T9 and T14: what the ERP itself says now, against what the ledger says that it must hold.

An ERP that does not answer breaks these two, and the other tie-outs go on: see `prove.py`.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from billing.evidence.anchors import anchors_in
from billing.ledger.erp import (
    ErpBusy,
    ErpDocument,
    ErpLedger,
    ErpRejected,
    ErpUnknown,
    InvalidEntryError,
    JournalEntry,
    compare,
)
from orchestration.status import rows
from resources.warehouse import ledger, sending
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
ENTITIES = "select entity_code from ops.entity order by entity_code"
NO_ANSWER = (ErpBusy, ErpRejected, ErpUnknown)
NOTHING = Decimal(0)


def entities(connection: psycopg.Connection[Any]) -> list[str]:
    """The legal entities, each a company of the ERP."""
    return [row["entity_code"] for row in rows(connection, ENTITIES)]


def count_posted(connection: psycopg.Connection[Any]) -> int:
    """How many documents the ERP must have."""
    (found,) = rows(connection, "select count(*) as n from ledger.entry where state = 'posted'")
    return int(found["n"])


def balances(connection: psycopg.Connection[Any], erp: ErpLedger) -> Iterator[TieOutResult]:
    """T9 per entity and account: sub-ledger less waiting and held, and the ERP's balance now.

    With what others entered and a person explained, and with what was carried in.
    Accounts without a balance on either side are left out.
    """
    (as_of,) = rows(connection, AS_OF)
    expected: dict[str, dict[str, Decimal]] = {one: {} for one in entities(connection)}
    for row in rows(connection, EXPECTED_IN_ERP):
        expected.setdefault(row["entity_code"], {})[row["account"]] = row["amount"]
    for entity, ours in sorted(expected.items()):
        try:
            theirs = _compared(connection, erp, entity, as_of["as_of_date"])
        except NO_ANSWER as problem:
            named = (f"{entity}: the ERP reports no balances ({problem})",)
            yield TieOutResult("T9", entity, sum(ours.values(), NOTHING), NOTHING, 1, named)
            continue
        for account in sorted({*ours, *theirs}):
            left, right = ours.get(account, NOTHING), theirs.get(account, NOTHING)
            if left or right:
                yield TieOutResult("T9", f"{entity}/{account}", left, right, 0)


def _compared(
    connection: psycopg.Connection[Any], erp: ErpLedger, entity: str, as_of: date
) -> dict[str, Decimal]:
    compared = {account for (account,) in connection.execute(COMPARED, [entity])}
    told = erp.balances(entity, as_of)
    return {account: amount for account, amount in told.items() if account in compared}


@dataclass
class Documents:
    """T14 of one entity as it is worked out: entries in order, and what was proved of them."""

    entity: str
    left: Decimal = NOTHING
    right: Decimal = NOTHING
    breaks: int = 0
    named: list[str] = field(default_factory=list)
    proved: dict[str, str] = field(default_factory=dict)  # hash of what was sent, by entry
    anchors: dict[str, str] = field(default_factory=dict)  # where each was read

    def differ(self, entry_id: int, words: str, count: int = 1) -> None:
        """Count breaks of an entry, and name it."""
        self.breaks += count
        self.named.append(f"entry {entry_id}: {words}")

    def result(self) -> TieOutResult:
        """Both sides: the debits that were posted, and those of the ERP's documents."""
        named = tuple(self.named)
        return TieOutResult("T14", self.entity, self.left, self.right, self.breaks, named)


def documents(
    connection: psycopg.Connection[Any],
    erp: ErpLedger,
    entity: str,
    known: Mapping[str, str],
    advance: Callable[[], None],
) -> Documents:
    """What was posted of an entity, and the documents as the ERP gives them now.

    A document of an entry in `known`, which was proved as it is now, is not asked for again. Once
    the ERP does not answer it is asked no more: every entry that is left counts as a break.
    """
    found = Documents(entity)
    posted = [
        one.entry_id for one in ledger.entries(connection, "posted") if one.entity_code == entity
    ]
    for place, entry_id in enumerate(posted):
        try:
            _prove_one(found, entry_id, sending.journal_entry(connection, entry_id), erp, known)
        except InvalidEntryError as problem:
            found.differ(entry_id, str(problem))
        except NO_ANSWER as problem:
            left = len(posted) - place
            found.differ(entry_id, f"the ERP gives no document ({problem}); {left} not read", left)
            break
        advance()
    return found


def _prove_one(
    found: Documents, entry_id: int, sent: JournalEntry, erp: ErpLedger, known: Mapping[str, str]
) -> None:
    found.left += sent.debit_total
    content = hash_of(sent)
    if known.get(str(entry_id)) == content:
        found.right += sent.debit_total
        found.proved[str(entry_id)] = content
        return
    document = erp.find(sent.entity, sent.key)
    differing = compare(sent, document) if document else ["the ERP has no such document"]
    if document:
        place = f"document {document.number} of entry {entry_id}"
        found.anchors |= dict.fromkeys(anchors_in(document.description), place)
    found.right += _debits(document)
    if differing:
        found.differ(entry_id, "; ".join(differing[:3]), len(differing))
    else:
        found.proved[str(entry_id)] = content


def hash_of(sent: JournalEntry) -> str:
    """SHA-256 of an entry as it was sent."""
    return hashlib.sha256(repr(sent).encode()).hexdigest()


def _debits(document: ErpDocument | None) -> Decimal:
    return sum((line.debit for line in document.lines), NOTHING) if document else NOTHING
