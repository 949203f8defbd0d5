-- Events times the variants of posting rules, and the lines of manual entries. A negative amount
-- flips the entry; -plb negates the source first.
{{ config(indexes=[
    {'columns': ['line_id'], 'unique': true}, {'columns': ['event_id']}, {'columns': ['claim_key']},
    {'columns': ['entity_code', 'original_date', 'left(md5(event_id), 1)']}
]) }}

with

sides as (
    select rules.*, side.side, side.account, side.direction
    from {{ ref('int_posting_rule') }} as rules
    cross join lateral (
        values ('debit', rules.debit, 1), ('credit', rules.credit, -1)
    ) as side (side, account, direction)
    where side.account <> ''
),

final as (
    select
        {{ surrogate_key(['events.event_id', 'sides.side']) }} as line_id,
        events.event_id,
        events.event,
        events.rule,
        events.rule_version,
        sides.account,
        {{ money(
            "events.amount * sides.direction * case sides.amount when '-plb' then -1 else 1 end"
        ) }} as signed_amount,
        events.entity_code,
        events.facility_code,
        events.payer_class,
        events.claim_key,
        events.account_key,
        events.control_key,
        sides.approval as approval_class,
        events.event_date as original_date,
        sides.erp = 'yes' as reaches_erp,
        {{ surrogate_key([
            'events.event_id', 'events.amount', 'events.event_date', 'events.entity_code',
            'events.facility_code', 'events.payer_class', 'events.claim_key',
            'events.account_key', 'events.control_key', 'events.rule_version',
        ]) }} as evidence_hash,
        events.file_id,
        events.segment,
        events.known_at
    from {{ ref('fct_billing_event') }} as events
    inner join sides
        on events.event = sides.event
        and events.entity_code = sides.entity_code
        and events.event_date between sides.starts_on and sides.ends_on
    union all
    -- Entries that people asked for bring their own lines.
    select
        {{ surrogate_key(['line.event', 'line.business_key', 'line.line_no']) }},
        {{ surrogate_key(['line.event', 'line.business_key']) }},
        line.event,
        'MANUAL',
        'manual',
        line.account,
        {{ money('line.signed_amount') }},
        line.entity_code,
        line.facility_code,
        line.payer_class,
        line.claim_key,
        line.account_key,
        line.control_key,
        line.approval_class,
        line.event_date,
        true,
        {{ surrogate_key(['line.business_key', 'line.event_date', 'line.content_hash']) }},
        null,
        null,
        line.known_at
    from {{ ref('int_manual_line') }} as line
)

select * from final
