-- Model runs with their state. Of one entity, rule and cut-off the newest run that is not
-- withdrawn counts.
create or replace view ledger.model_run_state as
select run.*, case
    when act.run_id is not null then 'withdrawn'
    when run.run_id = max(run.run_id) filter (where act.run_id is null) over (
        partition by run.entity_code, run.rule, run.cutoff_date) then 'counts'
    else 'superseded' end as state
from ledger.model_run as run
left join ledger.model_run_act as act using (run_id);
