-- T8: per claim and account, opening + charges - payments - adjustments +- transfers = closing.
-- Left: the roll-forward's closing of the last month. Right: the ledger lines, summed afresh.
with closing as (
    select entity_code, account, sum(closing_amount) as amount
    from marts.mart_ar_rollforward
    where period_month = (select max(period_month) from marts.mart_ar_rollforward)
    group by entity_code, account
),

line as (
    select entity_code, account, sum(signed_amount) as amount
    from marts.fct_ledger_line
    where account in (select distinct account from marts.mart_ar_rollforward)
    group by entity_code, account
),

walk as (
    select
        entity_code, account,
        count(*) filter (
            where opening_amount + charges_amount + charge_reversals_amount
                + payer_payments_amount + patient_payments_amount + contractual_amount
                + sequestration_amount + capitated_amount + withheld_amount
                + transfers_amount + credit_reclass_amount + other_amount
                is distinct from closing_amount
        ) as breaks
    from marts.mart_ar_rollforward
    group by entity_code, account
)

select
    entity_code || '/' || account as scope,
    coalesce(c.amount, 0) as left_amount,
    coalesce(l.amount, 0) as right_amount,
    coalesce(w.breaks, 0) as breaks
from closing as c
full join line as l using (entity_code, account)
left join walk as w using (entity_code, account)
order by 1
