-- One row per order that let a changed rule work backwards, or was refused or waits; all of them.
select
    order_id, state, array_to_string(rules, ' ') as rules, what_if_hash, content_hash, reason,
    asked_by, asked_at, decided_by, decided_at, decision_reason, events
from ledger.restatement_state
order by order_id
