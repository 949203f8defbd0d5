-- T8: opening + charges - payments - adjustments +- transfers = closing, month by month, per
-- entity, facility, payer class and account. Left: the closing of the newest month. Right: the ledger
-- lines of receivables, summed afresh.
with newest as (
    select entity_code, account, sum(closing_amount) as amount
    from marts.mart_ar_rollforward
    where period_month = (select max(period_month) from marts.mart_ar_rollforward)
    group by entity_code, account
),

line as (
    select entity_code, account, sum(signed_amount) as amount
    from marts.fct_ledger_line
    where account like '11%'
    group by entity_code, account
),

walked as (
    select
        entity_code, account, opening_amount, movement_amount, closing_amount,
        lag(closing_amount, 1, 0.00) over (
            partition by entity_code, facility_code, payer_class, account order by period_month
        ) as prior_closing_amount
    from marts.mart_ar_rollforward
),

broken as (
    select entity_code, account, count(*) as breaks
    from walked
    where opening_amount + movement_amount is distinct from closing_amount
        or opening_amount is distinct from prior_closing_amount
    group by entity_code, account
)

select
    entity_code || '/' || account as scope,
    coalesce(newest.amount, 0) as left_amount,
    coalesce(line.amount, 0) as right_amount,
    coalesce(broken.breaks, 0) as breaks
from newest
full join line using (entity_code, account)
left join broken using (entity_code, account)
order by 1
