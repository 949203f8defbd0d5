-- T12: recoupments carried forward (2130) = the provider adjustments WO, FB and 72 that are
-- posted, as the remittances report them, with what people decided; each has the reference that it
-- is cleared by. Per entity.
with evidence as (
    select
        adjustment.entity_code, adjustment.trace_number, adjustment.amount,
        coalesce(raw_adjustment.reference_id, '') as reference_id
    from intermediate.int_provider_adjustment as adjustment
    inner join raw.provider_adjustment as raw_adjustment
        using (file_id, transaction_no, adjustment_no)
    where adjustment.outcome = 'posted' and adjustment.event in ('plb.WO', 'plb.FB', 'plb.72')
    union all
    select
        request.entity_code, null,
        case rules.debit when '2130' then request.amount else -request.amount end,
        request.subject_key
    from ledger.request_state as request
    inner join intermediate.int_posting_rule as rules
        on rules.event = request.event and rules.entity_code = request.entity_code
        and request.decided_date between rules.starts_on and rules.ends_on
    where request.state = 'approved' and '2130' in (rules.debit, rules.credit)
    union all
    select entity_code, null, signed_amount, control_key
    from ledger.manual_line
    where account = '2130'
),

item as (
    select entity_code, reference_id, sum(amount) as amount
    from evidence
    group by entity_code, reference_id
),

right_side as (
    select
        entity_code, sum(amount) as amount,
        count(*) filter (where amount <> 0 and reference_id = '') as breaks
    from item
    group by entity_code
),

left_side as (
    select entity_code, sum(signed_amount) as amount
    from marts.fct_ledger_line
    where account = '2130'
    group by entity_code
)

select
    entity_code as scope,
    coalesce(left_side.amount, 0) as left_amount,
    coalesce(right_side.amount, 0) as right_amount,
    coalesce(right_side.breaks, 0) as breaks
from left_side
full join right_side using (entity_code)
order by 1
