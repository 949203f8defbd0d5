-- Both views of materiality of errors: the effect on the period, and the accumulated effect. One
-- row per entry with errors and original period. Amounts are gross (the larger side), so that
-- errors never offset one another; the effect on income is net, a loss negative. Sums of
-- recorded entries and of the entry itself.
create or replace view ledger.correction_materiality as
with line as (
    select entry.entry_id, entry.entity_code, entry.state, line.original_period,
           line.debit_amount, line.credit_amount,
           case when account.account_type in ('revenue', 'contra_revenue', 'expense',
                    'other_income')
                then line.credit_amount - line.debit_amount else 0 end as income_amount
    from ledger.entry_line as line join ledger.entry as entry using (entry_id)
    left join ledger.account as account using (account)
    where line.correction_class = 'error' and entry.state <> 'void'
),
period_effect as (
    select entry_id, entity_code, state, original_period,
           greatest(sum(debit_amount), sum(credit_amount)) as period_amount,
           sum(income_amount) as period_income_amount
    from line group by entry_id, entity_code, state, original_period
)
select effect.entry_id, effect.entity_code, effect.original_period, effect.state,
       effect.period_amount, effect.period_income_amount, total.accumulated_amount,
       total.accumulated_income_amount,
       greatest(effect.period_amount, total.accumulated_amount) > policy.error_amount
           as is_material
from period_effect as effect
cross join lateral (
    select sum(other.period_amount) as accumulated_amount,
           sum(other.period_income_amount) as accumulated_income_amount
    from period_effect as other
    where other.entity_code = effect.entity_code and (other.entry_id = effect.entry_id
        or other.state in ('approved', 'sending', 'unknown', 'posted'))
) as total
cross join (select error_amount from ledger.policy
            where policy_id = (select max(policy_id) from ledger.policy)) as policy;
