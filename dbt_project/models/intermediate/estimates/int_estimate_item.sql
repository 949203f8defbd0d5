-- What each estimate counts, and from which day its age runs: claims from the service (JR46),
-- claims from their first denial, patient balances from the first day that the patient owed.
with

items as (
    select
        entity_code, account, item_key,
        min(facility_code) as facility_code,
        min(payer_class) as payer_class,
        min(account_key) as account_key,
        min(original_date) as first_date,
        bool_or(kind = 'opening') as has_opening
    from {{ ref('int_estimate_flow') }}
    group by entity_code, account, item_key
),

denials as (
    select claim_key, min(event_date) as denied_date
    from {{ ref('int_remittance_adjustment') }}
    where is_denial and is_matched
    group by claim_key
    having sum(amount) > 0
)

select
    'JR46' as rule, items.entity_code, items.account, items.item_key, items.facility_code,
    items.payer_class, least(claim.service_date, items.first_date) as start_date,
    items.has_opening
from items
left join {{ ref('int_claim_account') }} as claim on items.item_key = claim.claim_key
where items.account = '1110'
union all
-- Aged from the day after: on the day itself the remittance also pays and adjusts.
select
    'JR24', items.entity_code, items.account, items.item_key, items.facility_code,
    items.payer_class, denials.denied_date + 1, items.has_opening
from items
inner join denials on items.item_key = denials.claim_key
where items.account = '1110'
union all
select
    'JR45', entity_code, account, item_key, facility_code, payer_class, first_date, has_opening
from items
where account = '1120'
