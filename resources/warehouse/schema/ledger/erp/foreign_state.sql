-- Third-party ERP lines with their newest judgement and the state that follows from it.
create or replace view ledger.foreign_state as
select line.foreign_line_id, line.entity_code, line.erp, line.document_ref, line.account,
       line.accounting_date, line.debit_amount - line.credit_amount as amount, line.code,
       case when line.gone_at is not null then 'gone'
            when newest.decision = 'accepted' then 'accepted'
            else 'unexplained' end as state,
       line.found_at, line.gone_at, newest.reason, newest.judged_by, newest.judged_at
from ledger.foreign_line as line
left join lateral (
    select judgement.* from ledger.foreign_judgement as judgement
    where judgement.foreign_line_id = line.foreign_line_id
    order by judgement.judgement_id desc limit 1
) as newest on true;
