-- Each bank transaction with the event that it proves, or the reason why it waits.
with

explained as (
    select
        deposit.bank_line_key,
        deposit.trace_number,
        bool_or(matched.payment_key is not null) as has_remittance,
        min(remittance.facility_code) as facility_code,
        coalesce(min(payers.payer_class), min(remittance.payer_class)) as payer_class
    from {{ ref('int_deposit') }} as deposit
    left join {{ ref('int_deposit_matched') }} as matched
        on deposit.bank_line_key = matched.bank_line_key
    left join {{ ref('int_remittance') }} as remittance
        on matched.payment_key = remittance.payment_key and remittance.payment_rank = 1
    left join {{ ref('payers') }} as payers on deposit.originator_id = payers.payer_trace_id
    group by deposit.bank_line_key, deposit.trace_number
),

classified as (
    select
        line.file_id, line.segment, line.known_at, line.bank_line_key, line.entity_code,
        line.direction, line.amount, line.event_date, line.is_mapped, line.barred_reason,
        coalesce(explained.trace_number, line.trace_number) as trace_number,
        payout.payout_id,
        coalesce(explained.has_remittance, false) as has_remittance,
        explained.facility_code,
        explained.payer_class,
        case
            when line.barred_reason is not null or line.amount = 0 then null
            when payout.payout_id is not null then 'payout.settled.net'
            when explained.bank_line_key is not null then 'payer.deposit.received'
            when line.treatment = 'lockbox' then 'lockbox.deposited'
            when line.treatment = 'fee' then 'bank.fee'
        end as event
    from {{ ref('int_bank_line') }} as line
    left join {{ ref('int_payout_matched') }} as payout
        on line.bank_line_key = payout.bank_line_key
    left join explained on line.bank_line_key = explained.bank_line_key
)

select
    file_id, segment, known_at, bank_line_key, entity_code, direction, amount, event_date,
    is_mapped, trace_number, payout_id, has_remittance, event,
    coalesce(facility_code, 'NONE') as facility_code,
    case
        when event = 'payer.deposit.received' then coalesce(payer_class, 'unknown')
        when event = 'bank.fee' then 'none'
        else 'self_pay'
    end as payer_class,
    case
        when barred_reason is not null then barred_reason
        when event is not null then null
        when amount = 0 then 'NOT_A_POSTING'
        else 'UNMAPPED_BANK_CODE'
    end as reason_code,
    case
        when event is not null then 'posted'
        when barred_reason is null and amount = 0 then 'memo'
        when barred_reason = 'SUPERSEDED_VERSION' then 'memo'
        else 'exception'
    end as outcome
from classified
