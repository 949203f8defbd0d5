-- Reassociation: which remittance payments each deposit settles. First by trace number, then the
-- rest one to one by amount, payer where both are known, and date. A quarantined remittance is
-- found too: its deposit is explained although nothing of it posts.
with

payments as (
    select
        payment_key, entity_code, payer_id, trace_number, payment_amount, event_date,
        reason_code is null or reason_code = 'DATED_AFTER_AS_OF' as is_accepted
    from {{ ref('int_remittance') }}
    where payment_rank = 1 and payment_amount > 0 and event_date is not null
),

by_trace as (
    select deposit.bank_line_key, payments.payment_key
    from {{ ref('int_deposit') }} as deposit
    inner join payments
        on deposit.entity_code = payments.entity_code
        and deposit.trace_number = payments.trace_number
        and coalesce(deposit.originator_id, payments.payer_id, '')
            = coalesce(payments.payer_id, deposit.originator_id, '')
),

candidates as (
    select
        deposit.bank_line_key, payments.payment_key,
        abs(deposit.event_date - payments.event_date) as distance_days
    from {{ ref('int_deposit') }} as deposit
    inner join payments
        on deposit.entity_code = payments.entity_code
        and deposit.amount = payments.payment_amount
        and coalesce(deposit.originator_id, payments.payer_id, '')
            = coalesce(payments.payer_id, deposit.originator_id, '')
    where
        {{ business_days_between('deposit.event_date', 'payments.event_date') }} <= 3
        and not exists (
            select from by_trace where by_trace.bank_line_key = deposit.bank_line_key
        )
        and not exists (
            select from by_trace where by_trace.payment_key = payments.payment_key
        )
),

ranked as (
    select
        bank_line_key, payment_key,
        row_number() over (
            partition by bank_line_key order by distance_days, payment_key
        ) as deposit_choice,
        row_number() over (
            partition by payment_key order by distance_days, bank_line_key
        ) as payment_choice
    from candidates
),

pairs as (
    select bank_line_key, payment_key, 'trace' as method from by_trace
    union all
    select bank_line_key, payment_key, 'amount' from ranked
    where deposit_choice = 1 and payment_choice = 1
)

select
    pairs.bank_line_key, pairs.payment_key, pairs.method,
    payments.payment_amount, payments.event_date as payment_date, payments.is_accepted
from pairs
inner join payments on pairs.payment_key = payments.payment_key
