-- Built whole each time: the desired state is a pure function of all the evidence, and one late
-- record (a coverage, a replacement claim, a map) can change events of any age.
{{ config(indexes=[{'columns': ['event_id'], 'unique': true}, {'columns': ['claim_key']}]) }}

with

events as (
    select * from {{ ref('int_event_evidenced') }}
    union all
    select * from {{ ref('int_event_patient_credit') }}
),

ruled as (
    select
        events.event, events.business_key, rules.rule, rules.rule_version, events.entity_code,
        events.facility_code, events.payer_class, events.claim_key, events.account_key,
        events.control_key, events.amount, events.event_date, events.file_id, events.segment,
        events.known_at
    from events
    inner join {{ ref('int_posting_rule') }} as rules
        on events.event = rules.event
        and events.entity_code = rules.entity_code
        and events.event_date between rules.starts_on and rules.ends_on
    union all
    -- An entry that people asked for has no rule: its amount is what its lines debit.
    select
        event, business_key, 'MANUAL', 'manual', entity_code, 'NONE', 'none', null, null,
        'request ' || split_part(business_key, '|', 2),
        sum(signed_amount) filter (where signed_amount > 0), event_date, null, null, known_at
    from {{ ref('int_manual_line') }}
    group by event, business_key, entity_code, event_date, known_at
),

final as (
    select
        {{ surrogate_key(['events.event', 'events.business_key']) }} as event_id,
        events.event,
        events.rule,
        events.rule_version,
        events.entity_code,
        events.facility_code,
        events.payer_class,
        events.claim_key,
        events.account_key,
        events.control_key,
        {{ money('events.amount') }} as amount,
        events.event_date,
        events.file_id,
        events.segment,
        events.known_at
    from ruled as events
)

select * from final
