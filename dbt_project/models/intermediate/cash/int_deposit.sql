-- Payer deposits at the bank with the trace number, if need be from the ACH entry that explains
-- them (same amount and day).
with

deposits as (
    select line.*
    from {{ ref('int_bank_line') }} as line
    left join {{ ref('int_payout_matched') }} as payout
        on line.bank_line_key = payout.bank_line_key
    where line.barred_reason is null and line.treatment = 'payer_credit'
        and payout.bank_line_key is null
),

untraced as (
    select
        bank_line_key, amount, event_date,
        row_number() over (partition by amount, event_date order by bank_line_key) as place
    from deposits
    where trace_number is null
),

entries as (
    select distinct amount, effective_date, trace_number, originator_id, ach_trace
    from {{ ref('stg_bank__ach_entry') }} as entry
    where direction = 'credit' and finding_code is null and trace_number is not null
        and not exists (
            select from deposits
            where deposits.trace_number = entry.trace_number
        )
),

numbered as (
    select
        *,
        row_number() over (
            partition by amount, effective_date order by trace_number, ach_trace
        ) as place
    from entries
)

select
    deposits.bank_line_key, deposits.file_id, deposits.segment, deposits.known_at,
    deposits.entity_code, deposits.amount, deposits.event_date,
    coalesce(deposits.trace_number, numbered.trace_number) as trace_number,
    coalesce(deposits.originator_id, numbered.originator_id) as originator_id
from deposits
left join untraced on deposits.bank_line_key = untraced.bank_line_key
left join numbered
    on untraced.amount = numbered.amount and untraced.event_date = numbered.effective_date
    and untraced.place = numbered.place
