-- T9: sub-ledger less entries waiting or held, with what a person explained of others' entries and
-- what the ERP held before our first month, = the ERP's own balance, per entity and account. A line that nobody explained is a break, also
-- where several of them cancel out.
select
    entity_code || '/' || account as scope,
    subledger_amount - waiting_amount - held_amount + explained_amount + carried_amount as left_amount,
    erp_balance_amount as right_amount,
    unexplained_count as breaks
from marts.mart_ledger_reconciliation
order by 1
