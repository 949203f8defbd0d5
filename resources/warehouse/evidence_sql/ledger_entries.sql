-- One row per entry of the period and the entities, in every state.
select
    entry_id, entity_code, accounting_date, approval_class, generation, part, state, state_reason,
    build_id, content_hash, erp_key, entry_no, proposed_by, proposed_at, line_count, gross_amount
from ledger.entry
where entity_code = any(%(entities)s) and accounting_date between %(first)s and %(last)s
order by entry_id
