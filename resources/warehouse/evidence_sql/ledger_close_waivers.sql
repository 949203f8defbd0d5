-- One row per item that blocked a close of the entities and was let stand.
select
    waiver_id, entity_code, period_start, code, item, reason, expires_on, waived_by, waived_at
from ledger.close_waiver
where entity_code = any(%(entities)s)
order by waiver_id
