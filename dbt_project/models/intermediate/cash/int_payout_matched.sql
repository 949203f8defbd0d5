-- Which bank credit is which processor payout: by the trace in the bank's text, else by amount,
-- date and descriptor. One to one: each side takes the other's best candidate.
with

credits as (
    select bank_line_key, entity_code, amount, event_date, reference_text
    from {{ ref('int_bank_line') }}
    where barred_reason is null and direction = 'credit'
),

words as (
    select distinct
        credits.bank_line_key,
        regexp_split_to_table(credits.reference_text, '[^A-Z0-9_-]+') as word
    from credits
),

candidates as (
    select credits.bank_line_key, payout.payout_id, 1 as method_rank,
        abs(credits.event_date - payout.arrival_date) as distance_days
    from words
    inner join {{ ref('int_card_payout') }} as payout on words.word = payout.trace_number
    inner join credits
        on words.bank_line_key = credits.bank_line_key
        and payout.entity_code = credits.entity_code
    union all
    select credits.bank_line_key, payout.payout_id, 2,
        abs(credits.event_date - payout.arrival_date)
    from credits
    inner join {{ ref('int_card_payout') }} as payout
        on credits.entity_code = payout.entity_code and credits.amount = payout.amount
    where
        {{ business_days_between('credits.event_date', 'payout.arrival_date') }} <= 3
        and (credits.reference_text like '%PAYOUT%' or credits.reference_text like '%STRIPE%')
),

ranked as (
    select
        *,
        row_number() over (
            partition by bank_line_key order by method_rank, distance_days, payout_id
        ) as line_choice,
        row_number() over (
            partition by payout_id order by method_rank, distance_days, bank_line_key
        ) as payout_choice
    from (
        select bank_line_key, payout_id, min(method_rank) as method_rank,
            min(distance_days) as distance_days
        from candidates group by bank_line_key, payout_id
    ) as pairs
)

select bank_line_key, payout_id, case method_rank when 1 then 'trace' else 'amount' end as method
from ranked
where line_choice = 1 and payout_choice = 1
