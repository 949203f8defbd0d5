with

movements as (
    select
        {{ month_of('line.original_date') }} as period_month,
        line.entity_code, line.facility_code, line.payer_class, line.account,
        coalesce(lines.rollforward_line, 'other') as rollforward_line,
        sum(line.signed_amount) as amount
    from {{ ref('fct_ledger_line') }} as line
    inner join {{ ref('chart_of_accounts') }} as chart on line.account = chart.account
    left join {{ ref('rollforward_lines') }} as lines on line.event = lines.event
    where chart.account like '11%'
    group by 1, 2, 3, 4, 5, 6
),

keys as (
    select
        entity_code, facility_code, payer_class, account,
        min(period_month) as first_month
    from movements
    group by entity_code, facility_code, payer_class, account
),

-- Every month from the first movement to the as-of date, moved or not: no period is missing.
periods as (
    select keys.*, cast(month_start as date) as period_month
    from keys
    cross join {{ ref('stg_ops__installation') }} as installation
    cross join lateral generate_series(
        keys.first_month, {{ month_of('installation.as_of_date') }}, interval '1 month'
    ) as month_start
),

{%- set lines = [
    'charges', 'charge_reversals', 'payer_payments', 'patient_payments', 'contractual',
    'sequestration', 'capitated', 'withheld', 'transfers', 'credit_reclass', 'other',
] %}

monthly as (
    select
        periods.period_month, periods.entity_code, periods.facility_code, periods.payer_class,
        periods.account,
        {% for line in lines -%}
        coalesce(sum(movements.amount) filter (
            where movements.rollforward_line = '{{ line }}'), 0) as {{ line }}_amount,
        {% endfor -%}
        coalesce(sum(movements.amount), 0) as change_amount
    from periods
    left join movements
        using (period_month, entity_code, facility_code, payer_class, account)
    group by 1, 2, 3, 4, 5
),

rolled as (
    select
        *,
        sum(change_amount) over (
            partition by entity_code, facility_code, payer_class, account order by period_month
        ) as closing_amount
    from monthly
),

final as (
    select
        period_month,
        entity_code,
        facility_code,
        payer_class,
        account,
        case account when '1110' then 'payer' when '1120' then 'patient' else 'other' end
            as responsibility,
        {{ money('closing_amount - change_amount') }} as opening_amount,
        {% for line in lines -%}
        {{ money(line ~ '_amount') }} as {{ line }}_amount,
        {% endfor -%}
        {{ money('change_amount') }} as movement_amount,
        {{ money('closing_amount') }} as closing_amount
    from rolled
)

select * from final
