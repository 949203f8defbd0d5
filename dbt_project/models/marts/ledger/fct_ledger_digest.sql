-- One row per bucket of ledger lines (entity, original date, slot of the event; empty: the day):
-- what it comes to, as the ledger digests what it recorded. Only buckets that differ are compared.
{{ config(indexes=[
    {'columns': ['entity_code', 'original_date', 'slot'], 'unique': true}
], post_hook="create or replace trigger forget_digest
    after insert or update or delete or truncate on {{ ref('fct_ledger_line') }}
    for each statement execute function ledger.forget_digest()") }}

with

marked as (
    select
        lines.entity_code,
        lines.original_date,
        left(md5(lines.event_id), 1) as slot,
        lines.signed_amount,
        ledger.line_mark(
            installation.installation_id, lines.event_id, lines.rule, lines.account,
            lines.entity_code, lines.facility_code, lines.payer_class, lines.claim_key,
            lines.account_key, lines.control_key, lines.original_date
        ) as mark
    from {{ ref('fct_ledger_line') }} as lines
    cross join {{ source('ledger', 'installation') }} as installation
    where lines.reaches_erp
    -- A fence for the planner: one mark per line, not one per half.
    offset 0
),

final as (
    select
        entity_code,
        original_date,
        coalesce(slot, '') as slot,
        cast(count(*) as integer) as line_count,
        cast(sum(ledger.high_half(mark) * signed_amount) as numeric(48, 2)) as digest_high,
        cast(sum(ledger.low_half(mark) * signed_amount) as numeric(48, 2)) as digest_low,
        ledger.demanded_state() as fact_state
    from marked
    group by grouping sets ((entity_code, original_date, slot), (entity_code, original_date))
)

select * from final
