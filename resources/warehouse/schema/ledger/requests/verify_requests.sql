-- Requests and acts that differ from their audit row, or break the limit that they name.
create or replace function ledger.verify_requests() returns table (request_id bigint, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select request.request_id, case
        when ledger.request_hash(request) <> request.content_hash then 'CONTENT'
        else 'AUDIT' end
    from ledger.request as request
    left join ledger.audit as audit
        on audit.action = 'request'
       and audit.detail ->> 'request_id' = request.request_id::text
    where ledger.request_hash(request) <> request.content_hash
       or audit.detail ->> 'content_hash' is distinct from request.content_hash
       or audit.actor is distinct from request.requested_by
    union all
    select act.request_id, 'ACT'
    from ledger.request_act as act
    left join ledger.audit as audit
        on audit.action = 'request ' || act.act and audit.actor = act.actor
       and audit.detail ->> 'request_id' = act.request_id::text
       and audit.detail ->> 'content_hash' = act.content_hash
       and (audit.detail ->> 'policy_id', audit.detail ->> 'limit_id',
            (audit.detail ->> 'account_amount')::numeric, (audit.detail ->> 'day_amount')::numeric)
           is not distinct from
           (act.policy_id::text, act.limit_id, act.account_amount, act.day_amount)
    left join ledger.policy_request_limit as allowed using (policy_id, limit_id)
    where audit.seq is null or act.account_amount > allowed.amount
       or act.day_amount > allowed.day_amount
$$;
