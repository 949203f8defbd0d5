-- Which variant of a posting rule an event meets. Days are cut where some variant begins or ends;
-- on each stretch the entity's row comes before the general one, then a basis row before both.
-- billing/ledger/rule_book.py chooses in the same way.
with

applicable as (
    select
        entity.entity_code,
        rules.rule, rules.event, rules.debit, rules.credit, rules.amount, rules.approval,
        rules.accounting_date, rules.auto_reverse, rules.erp,
        coalesce(rules.effective_from, '-infinity') as first_day,
        coalesce(rules.effective_to, 'infinity') as last_day,
        case when rules.for_entity_code is null then 0 else 2 end
        + case when rules.basis is null then 0 else 1 end as precedence
    from {{ ref('stg_ops__entity') }} as entity
    inner join (
        select
            rule, event, debit, credit, amount, approval, accounting_date, auto_reverse,
            erp,
            nullif(entity_code, '') as for_entity_code,
            nullif(basis, '') as basis,
            effective_from,
            effective_to
        from {{ ref('posting_rules') }}
    ) as rules
        on coalesce(rules.for_entity_code, entity.entity_code) = entity.entity_code
        and coalesce(rules.basis, entity.accounting_basis) = entity.accounting_basis
),

cuts as (
    select entity_code, event, first_day as starts_on from applicable
    union
    select entity_code, event, last_day + 1 from applicable
    where isfinite(last_day)
),

stretches as (
    select
        *,
        lead(starts_on) over (partition by entity_code, event order by starts_on) - 1 as ends_on
    from cuts
),

final as (
    select distinct on (stretch.entity_code, stretch.event, stretch.starts_on)
        stretch.entity_code,
        stretch.event,
        stretch.starts_on,
        coalesce(stretch.ends_on, 'infinity') as ends_on,
        chosen.rule, chosen.debit, chosen.credit, chosen.amount, chosen.approval,
        chosen.accounting_date, chosen.auto_reverse, chosen.erp,
        -- What the variant does, not when and for whom: an end or an owner given later to a row
        -- changes nothing that it posted.
        left({{ surrogate_key([
            'chosen.rule', 'chosen.event', 'chosen.debit', 'chosen.credit', 'chosen.amount',
            'chosen.approval', 'chosen.accounting_date', 'chosen.erp',
        ]) }}, 12) as rule_version
    from stretches as stretch
    inner join applicable as chosen
        on stretch.entity_code = chosen.entity_code
        and stretch.event = chosen.event
        and stretch.starts_on between chosen.first_day and chosen.last_day
    order by stretch.entity_code, stretch.event, stretch.starts_on, chosen.precedence desc
)

select * from final
