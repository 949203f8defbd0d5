-- T14: what was posted = what the ERP's documents say when read back, line by line.
with sent as (
    select entry_id, line_no, account, debit_amount, credit_amount
    from ledger.entry_line
    inner join ledger.entry using (entry_id)
    where state = 'posted'
),

pair as (
    select
        coalesce(s.entry_id, d.entry_id) as entry_id,
        s.debit_amount as sent_debit, d.debit_amount as read_debit,
        (s.account, s.debit_amount, s.credit_amount)
        is distinct from (d.account, d.debit_amount, d.credit_amount) as differs
    from sent as s
    full join ledger.erp_document_line as d using (entry_id, line_no)
)

select
    e.entity_code as scope,
    coalesce(sum(p.sent_debit), 0) as left_amount,
    coalesce(sum(p.read_debit), 0) as right_amount,
    count(*) filter (where p.differs) as breaks
from pair as p
inner join ledger.entry as e using (entry_id)
group by e.entity_code
order by 1
