-- What waits as an exception posts nothing.
select outcome.record_id
from {{ ref('int_record_outcome') }} as outcome
inner join {{ ref('fct_ledger_line') }} as line
    on outcome.file_id = line.file_id and outcome.segment = line.segment
where
    outcome.outcome = 'exception'
    and line.event <> 'credit.reclass.patient'
