-- One row per entity and account: what the evidence demands by now, debit positive, all periods.
select entity_code, account, sum(signed_amount) as demanded_amount, count(*) as line_count
from marts.fct_ledger_line
where reaches_erp and entity_code = any(%(entities)s)
group by entity_code, account
order by entity_code, account
