select
    run_id,
    entity_code,
    rule,
    cutoff_date,
    method,
    state,
    prepared_at
from {{ source('ledger', 'model_run_state') }}
