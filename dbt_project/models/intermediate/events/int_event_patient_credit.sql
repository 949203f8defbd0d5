-- Patient accounts in credit at the entity's newest recorded cut-off: the credit is a liability.
-- The pointer to the evidence is the newest event of the account that a file proves.
with

cutoffs as (
    select cutoff.entity_code, max(cutoff.cutoff_date) as cutoff_date
    from {{ ref('stg_ledger__cutoff') }} as cutoff
    cross join {{ ref('stg_ops__installation') }} as installation
    where cutoff.cutoff_date <= installation.as_of_date
    group by cutoff.entity_code
),

movements as (
    select
        events.entity_code, events.account_key, events.business_key, events.event_date,
        events.file_id, events.segment, events.known_at, cutoffs.cutoff_date,
        events.amount * (
            case when rules.debit = '1120' then 1 else 0 end
            - case when rules.credit = '1120' then 1 else 0 end
        ) as signed_amount
    from {{ ref('int_event_evidenced') }} as events
    inner join {{ ref('int_posting_rule') }} as rules
        on events.event = rules.event
        and events.entity_code = rules.entity_code
        and events.event_date between rules.starts_on and rules.ends_on
    inner join cutoffs
        on events.entity_code = cutoffs.entity_code and events.event_date <= cutoffs.cutoff_date
    where '1120' in (rules.debit, rules.credit)
    union all
    select
        line.entity_code, line.account_key, line.business_key, line.event_date, null, null,
        line.known_at, cutoffs.cutoff_date, line.signed_amount
    from {{ ref('int_manual_line') }} as line
    inner join cutoffs
        on line.entity_code = cutoffs.entity_code and line.event_date <= cutoffs.cutoff_date
    where line.account = '1120'
),

credits as (
    select
        entity_code, account_key, cutoff_date,
        -sum(signed_amount) as amount,
        (array_agg(file_id order by event_date desc, business_key)
            filter (where file_id is not null))[1] as file_id,
        (array_agg(segment order by event_date desc, business_key)
            filter (where file_id is not null))[1] as segment,
        max(known_at) as known_at
    from movements
    group by entity_code, account_key, cutoff_date
    having sum(signed_amount) < 0
)

select
    'credit.reclass.patient' as event,
    credits.account_key as business_key,
    credits.entity_code, account.facility_code, account.payer_class,
    cast(null as text) as claim_key, credits.account_key,
    cast(null as text) as control_key, credits.amount, credits.cutoff_date as event_date,
    credits.file_id, credits.segment, credits.known_at
from credits
inner join {{ ref('int_account') }} as account on credits.account_key = account.account_key
