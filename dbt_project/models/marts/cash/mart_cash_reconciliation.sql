with

remittances as (
    select
        bank_line_key,
        sum(payment_amount) as remittance_amount,
        count(*) as remittance_count,
        bool_and(is_accepted) as is_accepted,
        min(method) as method
    from {{ ref('int_deposit_matched') }}
    group by bank_line_key
),

payouts as (
    select matched.bank_line_key, matched.method, payout.amount as payout_amount
    from {{ ref('int_payout_matched') }} as matched
    inner join {{ ref('int_card_payout') }} as payout on matched.payout_id = payout.payout_id
),

compared as (
    select
        line.*,
        installation.as_of_date - line.event_date as age_days,
        coalesce(remittances.remittance_count, 0) as remittance_count,
        coalesce(remittances.method, payouts.method, 'none') as match_method,
        coalesce(remittances.remittance_amount, payouts.payout_amount) as expected_amount,
        remittances.is_accepted
    from {{ ref('int_bank_line_outcome') }} as line
    cross join {{ ref('stg_ops__installation') }} as installation
    left join remittances on line.bank_line_key = remittances.bank_line_key
    left join payouts on line.bank_line_key = payouts.bank_line_key
    where line.outcome = 'posted' and line.direction = 'credit'
),

final as (
    select
        bank_line_key as deposit_key,
        entity_code,
        payer_class,
        case event
            when 'payer.deposit.received' then 'payer'
            when 'payout.settled.net' then 'card_payout'
            else 'lockbox'
        end as deposit_kind,
        event_date as value_date,
        age_days,
        {{ money('amount') }} as deposit_amount,
        cast(remittance_count as integer) as remittance_count,
        {{ money('case when expected_amount is null then 0 else amount end') }} as matched_amount,
        {{ money('case when expected_amount is null then amount else 0 end') }}
            as unmatched_amount,
        {{ money('coalesce(amount - expected_amount, 0)') }} as variance_amount,
        match_method,
        case
            when event = 'lockbox.deposited' then 'not_applicable'
            when expected_amount is null then 'unmatched'
            when is_accepted is false then 'remittance_in_exception'
            when amount <> expected_amount then 'amount_differs'
            else 'matched'
        end as status
    from compared
)

select * from final
