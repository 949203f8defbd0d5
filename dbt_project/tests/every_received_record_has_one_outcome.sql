-- Each record of a measured kind ends exactly once, and the dollars of its kind are kept.
with

received as (
    select 'claim' as record_kind, count(*) as records, sum(charge_amount) as amount
    from {{ source('raw', 'claim') }}
    union all
    select 'remittance_claim', count(*), sum(paid_amount)
    from {{ source('raw', 'remittance_claim') }}
    union all
    select 'provider_adjustment', count(*), sum(amount)
    from {{ source('raw', 'provider_adjustment') }}
    union all
    select 'bank_transaction', count(*), sum(amount) from {{ source('raw', 'bank_transaction') }}
    union all
    select 'ach_entry', count(*), sum(amount) from {{ source('raw', 'ach_entry') }}
    union all
    select 'ehr_charge', count(*), sum(amount) from {{ source('raw', 'ehr_charge') }}
    union all
    select 'card_charge', count(*), sum(amount) from {{ source('raw', 'card_charge') }}
    union all
    select 'card_refund', count(*), sum(amount) from {{ source('raw', 'card_refund') }}
    union all
    select 'card_payout', count(*), sum(amount) from {{ source('raw', 'card_payout') }}
    union all
    select 'card_balance_transaction', count(*), sum(fee_amount)
    from {{ source('raw', 'card_balance_transaction') }}
    union all
    select 'x12_transaction', count(*), 0
    from {{ source('raw', 'x12_transaction') }}
    where set_id not in ('835', '837')
),

decided as (
    select record_kind, count(*) as records, sum(amount) as amount
    from {{ ref('int_record_outcome') }}
    group by record_kind
)

select record_kind, received.records, decided.records as decided_records
from received
full outer join decided using (record_kind)
where
    coalesce(received.records, 0) <> coalesce(decided.records, 0)
    or coalesce(received.amount, 0) <> coalesce(decided.amount, 0)
