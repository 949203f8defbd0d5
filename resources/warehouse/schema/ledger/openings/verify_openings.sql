-- Opening lists and acts that differ from their audit row.
create or replace function ledger.verify_openings() returns table (list_id bigint, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select list.list_id, case
        when ledger.opening_hash(list) <> list.content_hash then 'CONTENT' else 'AUDIT' end
    from ledger.opening_list as list
    left join ledger.audit as audit
        on audit.action = 'load opening' and audit.detail ->> 'list_id' = list.list_id::text
    where ledger.opening_hash(list) <> list.content_hash
       or audit.detail ->> 'content_hash' is distinct from list.content_hash
       or audit.actor is distinct from list.loaded_by
    union all
    select act.list_id, 'ACT'
    from ledger.opening_act as act
    left join ledger.audit as audit
        on audit.action = 'opening ' || act.act and audit.actor = act.actor
       and audit.detail ->> 'list_id' = act.list_id::text
       and (audit.detail ->> 'is_last')::boolean = act.is_last
    where audit.seq is null
$$;
