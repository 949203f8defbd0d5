"""Which records break a tie-out that a query found broken: number, file and rule, no value of them.

Asked only then. Tie-outs over sums (T6 to T8, T11 to T13) name their scope and nothing else; T10
is worked out from rows, and names them itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import psycopg

from resources.warehouse.tie_outs import TieOutResult

MOST = 100
QUERIES: dict[tuple[str, str], str] = {
    ("T3", "remittance lines"): """
        select f.name || ', segment ' || l.segment || ': SVC02 less CAS is not SVC03'
        from raw.remittance_line as l
        join ops.received_file as f using (file_id)
        join raw.remittance_claim as c using (file_id, claim_no)
        join intermediate.int_record_outcome as o on o.record_kind = 'remittance_claim'
            and o.file_id = c.file_id and o.segment = c.segment and o.outcome <> 'exception'
        where l.charge_amount - coalesce((
            select sum(a.amount) from raw.claim_adjustment as a
            where (a.file_id, a.claim_no, a.line_no) = (l.file_id, l.claim_no, l.line_no)), 0)
            is distinct from l.paid_amount
        order by 1""",
    ("T4", "remittance claims"): """
        select f.name || ', segment ' || c.segment || ': CLP03 less CAS is not CLP04'
        from raw.remittance_claim as c
        join ops.received_file as f using (file_id)
        join intermediate.int_record_outcome as o on o.record_kind = 'remittance_claim'
            and o.file_id = c.file_id and o.segment = c.segment and o.outcome <> 'exception'
        where c.charge_amount - coalesce((
            select sum(a.amount) from raw.claim_adjustment as a
            where (a.file_id, a.claim_no) = (c.file_id, c.claim_no)), 0)
            is distinct from c.paid_amount
        order by 1""",
    ("T5", "remittances"): """
        select f.name || ', segment ' || r.segment || ': BPR02 is not CLP04 less PLB'
        from raw.remittance as r join ops.received_file as f using (file_id)
        where r.finding_code is null and r.payment_amount is distinct from
            coalesce((select sum(c.paid_amount) from raw.remittance_claim as c where
                (c.file_id, c.transaction_no) = (r.file_id, r.transaction_no)), 0)
            - coalesce((select sum(a.amount) from raw.provider_adjustment as a where
                (a.file_id, a.transaction_no) = (r.file_id, r.transaction_no)), 0)
        order by 1""",
}


def named(
    connection: psycopg.Connection[Any], results: Iterable[TieOutResult]
) -> Iterator[TieOutResult]:
    """The results, those that do not hold with the records that break them, as far as known."""
    for one in results:
        query = QUERIES.get((one.id, one.scope))
        if one.holds or query is None:
            yield one
            continue
        found = connection.execute(f"{query} limit {MOST}".encode())
        yield replace(one, named=tuple(str(words) for (words,) in found))
