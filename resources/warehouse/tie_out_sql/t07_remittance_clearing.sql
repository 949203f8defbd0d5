-- T7: payer clearing (1050) per trace number = remitted less deposited, as the records say it;
-- what is left of a trace is an item with the date from which its age counts. Per entity.
with evidence as (
    select entity_code, trace_number as item, event_date, paid_amount as amount
    from intermediate.int_remittance_claim
    where reason_code is null
    union all
    select entity_code, trace_number, event_date, -amount
    from intermediate.int_provider_adjustment
    where outcome = 'posted'
    union all
    select entity_code, trace_number, event_date, -amount
    from intermediate.int_bank_line_outcome
    where event = 'payer.deposit.received'
    union all
    -- A deposit that no remittance explained at a recorded cut-off is unapplied, not in clearing.
    select line.entity_code, line.trace_number, line.event_date, line.amount
    from intermediate.int_bank_line_outcome as line
    where line.event = 'payer.deposit.received' and not line.has_remittance
      and exists (
        select from ledger.cutoff as cutoff
        cross join ops.installation as installation
        where cutoff.entity_code = line.entity_code
          and cutoff.cutoff_date between line.event_date and installation.as_of_date)
    union all
    -- Entries that people asked for name the trace that they clear.
    select entity_code, control_key, event_date, signed_amount
    from ledger.manual_line
    where account = '1050'
),

item as (
    select
        entity_code, coalesce(item, '') as item, sum(amount) as amount,
        min(event_date) as since_date
    from evidence
    group by 1, 2
),

posted as (
    select entity_code, coalesce(control_key, '') as item, sum(signed_amount) as amount
    from marts.fct_ledger_line
    where account = '1050'
    group by 1, 2
),

entity as (
    select distinct entity_code from item
    union
    select distinct entity_code from posted
)

select
    entity.entity_code as scope,
    coalesce(sum(posted.amount), 0) as left_amount,
    coalesce(sum(item.amount), 0) as right_amount,
    count(*) filter (
        where coalesce(posted.amount, 0) <> coalesce(item.amount, 0)
           or (item.amount <> 0 and item.since_date is null)) as breaks
from entity
left join (item full join posted using (entity_code, item)) using (entity_code)
group by entity.entity_code
order by 1
