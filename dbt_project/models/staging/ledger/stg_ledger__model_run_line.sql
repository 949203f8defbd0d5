select
    run_id,
    line_no,
    facility_code,
    payer_class,
    age_bucket,
    balance_amount,
    rate,
    rate_level,
    observation_count,
    required_amount
from {{ source('ledger', 'model_run_line') }}
