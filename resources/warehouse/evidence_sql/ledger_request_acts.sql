-- One row per act on a request of the pack: who decided or withdrew, under which limit, and what
-- was measured.
select
    done.act_id, done.request_id, done.act, done.actor, done.acted_at, done.decided_date,
    done.content_hash, done.reason, done.policy_id, done.limit_id,
    done.account_amount as account_measure, done.day_amount as day_measure
from ledger.request_act as done
inner join ledger.request as request using (request_id)
where request.entity_code = any(%(entities)s)
    and (request.requested_at::date between %(first)s and %(last)s
         or exists (
            select from ledger.request_event as link
            inner join ledger.entry_event as event using (event_id)
            inner join ledger.entry as entry using (entry_id)
            where link.request_id = request.request_id
                and entry.accounting_date between %(first)s and %(last)s))
order by done.act_id
