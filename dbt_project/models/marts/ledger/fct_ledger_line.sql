-- Events times posting rules. A negative amount flips the entry; -plb negates the source first.
{{ config(indexes=[
    {'columns': ['line_id'], 'unique': true}, {'columns': ['event_id']}, {'columns': ['claim_key']},
    {'columns': ['entity_code', 'original_date', 'left(md5(event_id), 1)']}
]) }}

with

rules as (
    select
        *,
        left({{ surrogate_key(
            ['rule', 'event', 'debit', 'credit', 'amount', 'approval', 'accounting_date', 'erp']
        ) }}, 12) as rule_version
    from {{ ref('posting_rules') }}
),

sides as (
    select rule, 'debit' as side, debit as account, 1 as direction from rules
    where debit <> ''
    union all
    select rule, 'credit', credit, -1 from rules
    where credit <> ''
),

final as (
    select
        {{ surrogate_key(['events.event_id', 'sides.side']) }} as line_id,
        events.event_id,
        events.event,
        events.rule,
        rules.rule_version,
        sides.account,
        {{ money(
            "events.amount * sides.direction * case rules.amount when '-plb' then -1 else 1 end"
        ) }} as signed_amount,
        events.entity_code,
        events.facility_code,
        events.payer_class,
        events.claim_key,
        events.account_key,
        events.control_key,
        rules.approval as approval_class,
        events.event_date as original_date,
        rules.erp = 'yes' as reaches_erp,
        {{ surrogate_key([
            'events.event_id', 'events.amount', 'events.event_date', 'events.entity_code',
            'events.facility_code', 'events.payer_class', 'events.claim_key',
            'events.account_key', 'events.control_key', 'rules.rule_version',
        ]) }} as evidence_hash,
        events.file_id,
        events.segment,
        events.known_at
    from {{ ref('fct_billing_event') }} as events
    inner join rules on events.rule = rules.rule
    inner join sides on events.rule = sides.rule
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
