with

-- Opening balances are never sent, but the ERP has them: it had them before us.
subledger as (
    select entity_code, account, sum(signed_amount) as amount
    from {{ ref('fct_ledger_line') }}
    where reaches_erp or (event like 'opening.%' and account <> '3990')
    group by entity_code, account
),

entries as (
    select
        entity_code, account,
        sum(signed_amount) filter (where state = 'proposed') as waiting_amount,
        sum(signed_amount) filter (
            where state in ('approved', 'sending', 'unknown', 'rejected')
        ) as held_amount,
        sum(signed_amount) filter (where state = 'posted') as posted_amount
    from {{ ref('stg_ledger__entry_line') }}
    group by entity_code, account
),

foreign_line as (
    select
        entity_code, account,
        sum(amount) filter (where state = 'accepted') as explained_amount,
        count(*) filter (where state = 'unexplained') as unexplained_count
    from {{ ref('stg_ledger__foreign_line') }}
    group by entity_code, account
),

joined as (
    select
        entity_code,
        account,
        coalesce(subledger.amount, 0) as subledger_amount,
        coalesce(entries.waiting_amount, 0) as waiting_amount,
        coalesce(entries.held_amount, 0) as held_amount,
        coalesce(entries.posted_amount, 0) as posted_amount,
        coalesce(foreign_line.explained_amount, 0) as explained_amount,
        coalesce(carried.balance_amount, 0) as carried_amount,
        coalesce(foreign_line.unexplained_count, 0) as unexplained_count,
        coalesce(balance.balance_amount, 0) as erp_balance_amount
    from subledger
    full outer join entries using (entity_code, account)
    full outer join {{ ref('stg_ledger__erp_balance') }} as balance using (entity_code, account)
    full outer join foreign_line using (entity_code, account)
    full outer join {{ ref('stg_ledger__carried_balance') }} as carried
        using (entity_code, account)
),

final as (
    select
        entity_code,
        account,
        {{ money('subledger_amount') }} as subledger_amount,
        {{ money('waiting_amount') }} as waiting_amount,
        {{ money('held_amount') }} as held_amount,
        {{ money('posted_amount') }} as posted_amount,
        {{ money('erp_balance_amount') }} as erp_balance_amount,
        {{ money('explained_amount') }} as explained_amount,
        {{ money('carried_amount') }} as carried_amount,
        cast(unexplained_count as integer) as unexplained_count,
        {{ money(
            'subledger_amount - waiting_amount - held_amount + explained_amount'
            ' + carried_amount - erp_balance_amount'
        ) }} as difference_amount
    from joined
)

select * from final
