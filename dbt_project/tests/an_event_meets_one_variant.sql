-- Of the variants of its rule that hold for its entity, its basis and its date, one alone has the
-- highest precedence: no event is lost, none is posted twice. From the file itself, on purpose not
-- from int_posting_rule.
with

asked as (
    select distinct event, entity_code, event_date
    from (
        select event, entity_code, event_date from {{ ref('int_event_evidenced') }}
        union all
        select event, entity_code, event_date from {{ ref('int_event_patient_credit') }}
    ) as events
),

met as (
    select
        asked.event, asked.entity_code, asked.event_date, rules.rule,
        rank() over (
            partition by asked.event, asked.entity_code, asked.event_date
            order by
                coalesce(rules.entity_code, '') = '',
                coalesce(rules.basis, '') = ''
        ) as precedence
    from asked
    left join {{ ref('stg_ops__entity') }} as entity on asked.entity_code = entity.entity_code
    left join {{ ref('posting_rules') }} as rules
        on asked.event = rules.event
        and coalesce(rules.entity_code, '') in ('', asked.entity_code)
        and coalesce(rules.basis, '') in ('', entity.accounting_basis)
        and asked.event_date >= coalesce(rules.effective_from, '-infinity')
        and asked.event_date <= coalesce(rules.effective_to, 'infinity')
)

select event, entity_code, event_date, count(rule) as variants
from met
where precedence = 1
group by event, entity_code, event_date
having count(rule) <> 1
