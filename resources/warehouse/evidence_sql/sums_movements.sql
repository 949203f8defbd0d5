-- One row per entity, account, accounting month and state, of all periods: the ERP's balances are
-- sums over all of them.
select
    entry.entity_code, line.account,
    date_trunc('month', entry.accounting_date)::date as accounting_month, entry.state,
    sum(line.debit_amount) as debit_amount, sum(line.credit_amount) as credit_amount,
    count(*) as line_count
from ledger.entry as entry
inner join ledger.entry_line as line using (entry_id)
where entry.state <> 'void' and entry.entity_code = any(%(entities)s)
group by 1, 2, 3, 4
order by 1, 2, 3, 4
