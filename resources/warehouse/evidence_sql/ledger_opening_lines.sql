-- One row per line of a conversion list of the entities; keys are opaque.
select
    list_id, line_no, entity_code, account_kind, subject_key, payer_class, facility_code, amount,
    cutover_date
from ledger.opening_line
where entity_code = any(%(entities)s)
order by list_id, line_no
