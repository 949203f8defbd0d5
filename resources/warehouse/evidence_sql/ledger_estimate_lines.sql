-- One row per run of an estimate, facility, payer class and age: balance, rate, what it rests on.
select
    line.run_id, line.line_no, line.facility_code, line.payer_class, line.age_bucket,
    line.balance_amount, line.rate, line.rate_level, line.observation_count, line.lost_amount,
    line.exposed_amount, line.required_amount
from ledger.model_run_line as line
inner join ledger.model_run as run using (run_id)
where run.entity_code = any(%(entities)s) and run.cutoff_date <= %(last)s
order by line.run_id, line.line_no
