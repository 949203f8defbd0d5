-- T9: sub-ledger less entries waiting or held = the ERP's own balance, per entity and account.
select
    entity_code || '/' || account as scope,
    subledger_amount - waiting_amount - held_amount as left_amount,
    erp_balance_amount as right_amount,
    0 as breaks
from marts.mart_ledger_reconciliation
order by 1
