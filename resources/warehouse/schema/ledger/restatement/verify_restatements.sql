-- Orders, decisions and restated events that differ from their audit row.
create or replace function ledger.verify_restatements()
returns table (order_id bigint, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(asked.order_id, (audit.detail ->> 'order_id')::bigint), 'ORDER'
    from ledger.restatement_order as asked
    full join (select * from ledger.audit where action = 'ask restatement') as audit
        on audit.detail ->> 'order_id' = asked.order_id::text
    where (to_jsonb(asked) - 'asked_at') is distinct from audit.detail
       or ledger.restatement_content(asked) <> asked.content_hash
    union all
    select coalesce(done.order_id, (audit.detail ->> 'order_id')::bigint), 'DECISION'
    from ledger.restatement_act as done
    full join (select * from ledger.audit where action = 'decide restatement') as audit
        on audit.detail ->> 'order_id' = done.order_id::text
    where (to_jsonb(done) - 'acted_at') is distinct from audit.detail
       or exists (select from ledger.restatement_order as asked
                  where asked.order_id = done.order_id and asked.asked_by = done.actor)
    union all
    select coalesce(let.order_id, (audit.detail ->> 'order_id')::bigint), 'EVENTS'
    from (
        select order_id, encode(sha256(convert_to(string_agg(concat_ws('|', event_id, rule,
                   from_version, to_version, after_entry_id::text), chr(10)
                   order by event_id collate "C", after_entry_id), 'UTF8')), 'hex') as events_hash
        from ledger.restatement_event group by order_id) as let
    full join (select * from ledger.audit where action = 'restate') as audit
        on audit.detail ->> 'order_id' = let.order_id::text
    where audit.detail ->> 'events_hash' is distinct from let.events_hash
       or not exists (select from ledger.restatement_act as done
                      where done.order_id = let.order_id and done.act = 'approved')
$$;
