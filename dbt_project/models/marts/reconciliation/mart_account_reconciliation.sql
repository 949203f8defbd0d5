-- The ERP's balance of an account beside the list of what is open on it. Clearing accounts are
-- listed by the control key that their evidence carries, recoupments by the payer's reference; cash
-- by the bank's own lines.
{% set accounts = ['1010', '1050', '1055', '1057', '1220', '2110', '2130'] %}

with

asked as (
    select installation.as_of_date, entity.entity_code, chart.account, chart.name as account_name
    from {{ ref('stg_ops__installation') }} as installation
    cross join {{ ref('stg_ops__entity') }} as entity
    inner join {{ ref('chart_of_accounts') }} as chart
        on chart.account in ('{{ accounts | join("', '") }}')
),

-- A decision names a payer's reference without the payer.
named as (
    select entity_code, reference_id, min(item_key) as item_key
    from {{ ref('int_recoupment') }}
    where reference_id is not null
    group by entity_code, reference_id
),

open_items as (
    select
        line.entity_code, line.account,
        coalesce(recoupment.item_key, named.item_key, line.control_key, line.event_id)
            as item_key,
        min(line.original_date) as item_date, sum(line.signed_amount) as amount
    from {{ ref('fct_ledger_line') }} as line
    left join {{ ref('int_recoupment') }} as recoupment
        on line.account = '2130' and line.event_id = recoupment.event_id
    left join named
        on line.account = '2130' and recoupment.event_id is null
        and line.entity_code = named.entity_code
        and upper(trim(line.control_key)) = named.reference_id
    where line.reaches_erp and line.account <> '1010'
    group by 1, 2, 3
    having sum(line.signed_amount) <> 0
    union all
    -- One item: what the bank moved by all its statements, as old as the newest of them.
    select
        entity_code, '1010', 'bank', max(event_date),
        sum(case direction when 'credit' then amount else -amount end)
    from {{ ref('int_bank_line_outcome') }}
    where outcome = 'posted'
    group by entity_code
    union all
    -- Cash that people entered for what the bank's lines do not say by themselves.
    select entity_code, account, control_key, min(original_date), sum(signed_amount)
    from {{ ref('fct_ledger_line') }}
    where account = '1010' and rule = 'MANUAL'
    group by entity_code, account, control_key
    having sum(signed_amount) <> 0
),

listed as (
    select
        asked.entity_code, asked.account, item.amount,
        asked.as_of_date - item.item_date as age_days
    from asked
    inner join open_items as item using (entity_code, account)
),

summed as (
    select
        entity_code, account,
        count(*) as item_count,
        sum(amount) as items_amount,
        max(age_days) as oldest_age_days,
        sum(amount) filter (where age_days <= 30) as age_30_amount,
        sum(amount) filter (where age_days between 31 and 60) as age_60_amount,
        sum(amount) filter (where age_days between 61 and 90) as age_90_amount,
        sum(amount) filter (where age_days > 90) as age_over_90_amount
    from listed
    group by entity_code, account
),

final as (
    select
        asked.as_of_date,
        asked.entity_code,
        asked.account,
        asked.account_name,
        {{ money('coalesce(books.erp_balance_amount, 0)') }} as balance_amount,
        cast(coalesce(summed.item_count, 0) as integer) as item_count,
        {{ money('coalesce(summed.items_amount, 0)') }} as items_amount,
        {{ money('coalesce(books.waiting_amount + books.held_amount, 0)') }} as unposted_amount,
        {{ money('coalesce(books.explained_amount, 0)') }} as explained_amount,
        {{ money('coalesce(books.carried_amount, 0)') }} as carried_amount,
        {{ money(
            'coalesce(books.erp_balance_amount, 0) - coalesce(summed.items_amount, 0)'
            ' + coalesce(books.waiting_amount + books.held_amount, 0)'
            ' - coalesce(books.explained_amount, 0) - coalesce(books.carried_amount, 0)'
        ) }} as unexplained_amount,
        cast(summed.oldest_age_days as integer) as oldest_age_days,
        {{ money('coalesce(summed.age_30_amount, 0)') }} as age_30_amount,
        {{ money('coalesce(summed.age_60_amount, 0)') }} as age_60_amount,
        {{ money('coalesce(summed.age_90_amount, 0)') }} as age_90_amount,
        {{ money('coalesce(summed.age_over_90_amount, 0)') }} as age_over_90_amount
    from asked
    left join summed using (entity_code, account)
    left join {{ ref('mart_ledger_reconciliation') }} as books using (entity_code, account)
)

select * from final
