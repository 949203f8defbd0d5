-- What each weekly cohort of receivables owed, paid and lost, week by week. Weeks are counted from
-- the as-of date: week 0 is the seven days that end on it. A cohort is the week in which a claim
-- (or, for the patient stream, an account) first owed something. Only 79 weeks are kept (52 origins
-- and the 26 weeks before the first): what is older is opening balance of the oldest cohort.
with

lines as (
    select
        case line.account when '1110' then line.payer_class else 'patient' end as stream,
        line.account
            || case line.account when '1110' then line.claim_key else line.account_key end
            as item_key,
        greatest(-((installation.as_of_date - line.original_date) / 7), -105) as week_no,
        line.signed_amount,
        line.event like 'charge.%' or (
            line.account = '1120' and line.event = 'remit.cas.patient_resp'
        ) as is_inflow,
        line.event in ('remit.paid', 'patient.payment') as is_cash
    from {{ ref('fct_ledger_line') }} as line
    cross join {{ ref('stg_ops__installation') }} as installation
    where line.account in ('1110', '1120') and line.event <> 'credit.reclass.patient'
),

dated as (
    select *, min(week_no) over (partition by stream, item_key) as cohort_week
    from lines
),

moved as (
    select
        stream, cohort_week, week_no,
        coalesce(sum(signed_amount) filter (where is_inflow), 0) as inflow_amount,
        coalesce(-sum(signed_amount) filter (where is_cash), 0) as cash_amount,
        coalesce(-sum(signed_amount) filter (where not is_inflow), 0) as outflow_amount
    from dated
    group by stream, cohort_week, week_no
),

grid as (
    select cohort.stream, cohort.cohort_week, week_no
    from (select distinct stream, cohort_week from moved) as cohort
    cross join lateral generate_series(cohort.cohort_week, 0) as week_no
),

filled as (
    select
        grid.*,
        coalesce(moved.inflow_amount, 0) as inflow_amount,
        coalesce(moved.cash_amount, 0) as cash_amount,
        coalesce(moved.outflow_amount, 0) as outflow_amount
    from grid
    left join moved using (stream, cohort_week, week_no)
),

final as (
    select
        stream,
        cohort_week,
        week_no,
        least(week_no - cohort_week, 26) as lag_weeks,
        inflow_amount,
        cash_amount,
        outflow_amount,
        sum(inflow_amount - outflow_amount) over cohort as open_amount,
        sum(inflow_amount - outflow_amount) over cohort + outflow_amount as exposed_amount
    from filled
    window cohort as (partition by stream, cohort_week order by week_no)
)

select * from final
where week_no >= -79
