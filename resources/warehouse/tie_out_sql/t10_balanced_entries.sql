-- T10: every recorded entry balances within its entity, its lines equal their events, the audit
-- chain verifies, entries are what was audited, digests are the sums of their evidence, releases
-- of rules are what was audited, and entry numbers have no gaps.
with line as (
    select e.entity_code, l.entry_id, l.line_no, l.debit_amount, l.credit_amount
    from ledger.entry_line as l
    inner join ledger.entry as e using (entry_id)
    where e.state <> 'void'
),

entry as (
    select entity_code, entry_id, sum(debit_amount) as debit, sum(credit_amount) as credit
    from line
    group by entity_code, entry_id
),

event as (
    select entry_id, line_no, sum(signed_amount) as amount
    from ledger.entry_event
    group by entry_id, line_no
),

unequal as (
    select line.entity_code, count(*) as lines
    from line
    left join event using (entry_id, line_no)
    where line.debit_amount - line.credit_amount is distinct from event.amount
    group by line.entity_code
),

gap as (
    select entity_code, coalesce(max(entry_no), 0) - count(entry_no) as numbers
    from ledger.entry
    group by entity_code
),

total as (
    select
        entity_code, sum(debit) as left_amount, sum(credit) as right_amount,
        count(*) filter (where debit <> credit) as breaks
    from entry
    group by entity_code
)

select
    total.entity_code as scope, total.left_amount, total.right_amount,
    total.breaks + coalesce(unequal.lines, 0) + coalesce(gap.numbers, 0) as breaks
from total
left join unequal using (entity_code)
left join gap using (entity_code)
union all
select 'audit chain', 0, 0, count(*) from ledger.verify_chain()
union all
select 'entries as audited', 0, 0, count(*) from ledger.verify_entries()
union all
select 'digests of what is recorded', 0, 0, count(*) from ledger.verify_recorded()
union all
select 'releases and provenance as audited', 0, 0, count(*) from ledger.verify_releases()
order by 1
