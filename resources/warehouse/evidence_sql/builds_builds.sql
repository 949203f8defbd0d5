-- One row per build that an entry of the pack stands on, or whose as-of date is in the period.
select build_id, as_of_date, started_at, finished_at, status
from ops.build
where as_of_date between %(first)s and %(last)s or build_id in (
    select entry.build_id from ledger.entry as entry
    where entry.entity_code = any(%(entities)s)
        and entry.accounting_date between %(first)s and %(last)s)
order by started_at, build_id
