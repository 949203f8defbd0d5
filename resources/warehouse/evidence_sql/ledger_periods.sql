-- One row per accounting period of the entities, on our side and as the ERP has it.
select
    entity_code, period_start, period_end, own_status, erp_status, erp_period_ref, mirrored_at
from ledger.period
where entity_code = any(%(entities)s)
order by entity_code, period_start
