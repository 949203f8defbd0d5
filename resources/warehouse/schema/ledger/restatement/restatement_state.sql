-- Restatement orders with their state, who decided, and how many events they let through.
create or replace view ledger.restatement_state as
select asked.*, case when done.events is not null then 'carried out'
                     else coalesce(act.act, 'open') end as state,
       act.actor as decided_by, act.acted_at as decided_at, act.reason as decision_reason,
       coalesce(done.events, 0) as events
from ledger.restatement_order as asked
left join ledger.restatement_act as act using (order_id)
left join (select order_id, count(*) as events from ledger.restatement_event
           group by order_id) as done using (order_id);
