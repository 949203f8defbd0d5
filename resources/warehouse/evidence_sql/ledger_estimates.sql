-- One row per run of an estimate of the entities up to the last day: basis, result, preparer.
select
    run_id, entity_code, cutoff_date, rule, method, parameters::text as parameters, code_version,
    build_id, line_count, balance_amount, required_amount, content_hash, prepared_by, prepared_at,
    state
from ledger.model_run_state
where entity_code = any(%(entities)s) and cutoff_date <= %(last)s
order by run_id
