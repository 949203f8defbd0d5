-- T13: unapplied cash and credit balances = the lists of items behind them, each from the records
-- themselves: 2110 payments of no known claim and deposits that nothing explains, 2115 card
-- payments of no known account, 2125 accounts in credit at the newest cut-off. Debit positive.
with cutoff as (
    select cutoff.entity_code, max(cutoff.cutoff_date) as cutoff_date
    from ledger.cutoff as cutoff
    cross join ops.installation as installation
    where cutoff.cutoff_date <= installation.as_of_date
    group by cutoff.entity_code
),

account_credit as (
    select line.entity_code, sum(line.signed_amount) as amount
    from marts.fct_ledger_line as line
    inner join cutoff using (entity_code)
    where line.account = '1120' and line.event <> 'credit.reclass.patient'
      and line.original_date <= cutoff.cutoff_date
    group by line.entity_code, line.account_key
    having sum(line.signed_amount) < 0
),

item as (
    select entity_code, '2110' as account, -paid_amount as amount
    from intermediate.int_remittance_claim
    where reason_code is null and not is_matched
    union all
    select line.entity_code, '2110', -line.amount
    from intermediate.int_bank_line_outcome as line
    where line.event = 'payer.deposit.received' and not line.has_remittance
      and exists (
        select from ledger.cutoff as seen
        cross join ops.installation as installation
        where seen.entity_code = line.entity_code
          and seen.cutoff_date between line.event_date and installation.as_of_date)
    union all
    select entity_code, '2115', -amount
    from intermediate.int_card_charge
    where outcome = 'posted' and not is_matched
    union all
    select entity_code, '2125', amount
    from account_credit
    union all
    -- What people decided takes from these lists, or adds to them.
    select
        request.entity_code, side.account,
        case side.account when rules.debit then request.amount else -request.amount end
    from ledger.request_state as request
    inner join intermediate.int_posting_rule as rules
        on rules.event = request.event and rules.entity_code = request.entity_code
        and request.decided_date between rules.starts_on and rules.ends_on
    cross join (values ('2110'), ('2115'), ('2125')) as side (account)
    where request.state = 'approved' and side.account in (rules.debit, rules.credit)
    union all
    select entity_code, account, signed_amount
    from ledger.manual_line
    where account in ('2110', '2115', '2125')
    union all
    select line.entity_code, kind.account, line.amount * kind.side
    from ledger.opening_line as line
    inner join ledger.opening_state as list using (list_id)
    inner join ledger.opening_kind as kind using (account_kind)
    where list.state = 'approved' and kind.account = '2125'
),

posted as (
    select entity_code, account, sum(signed_amount) as amount
    from marts.fct_ledger_line
    where account in ('2110', '2115', '2125')
    group by entity_code, account
)

select
    entity_code || '/' || account as scope,
    coalesce(posted.amount, 0) as left_amount,
    coalesce(listed.amount, 0) as right_amount,
    0 as breaks
from (select entity_code, account, sum(amount) as amount from item group by 1, 2) as listed
full join posted using (entity_code, account)
order by 1
