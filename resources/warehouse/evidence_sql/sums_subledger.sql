-- One row per entity and account: what the evidence demands by now, debit positive, all periods;
-- opening balances with it, which the ERP had before.
select entity_code, account, sum(signed_amount) as demanded_amount, count(*) as line_count
from marts.fct_ledger_line
where (reaches_erp or (event like 'opening.%%' and account <> '3990'))
  and entity_code = any(%(entities)s)
group by entity_code, account
order by entity_code, account
