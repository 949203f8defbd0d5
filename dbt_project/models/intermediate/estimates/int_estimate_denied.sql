-- Denied dollars of a claim by day; a reversal takes back what the reversed payment denied.
{{ config(indexes=[{'columns': ['item_key']}]) }}

select
    entity_code, claim_key as item_key, event_date, sum(amount) as denied_amount
from {{ ref('int_remittance_adjustment') }}
where is_denial and is_matched
group by entity_code, claim_key, event_date
