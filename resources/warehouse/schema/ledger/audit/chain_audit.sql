-- Gives each audit row its number, instant, actor and hash, chained to the row before it.
create or replace function ledger.chain_audit() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    select newest.seq + 1, newest.hash into new.seq, new.prev_hash
    from (
        select head.seq, head.hash, true as is_head from ledger.audit_head as head
        union all
        (select audit.seq, audit.hash, false from ledger.audit as audit
         order by audit.seq desc limit 1)
    ) as newest
    order by newest.seq desc, newest.is_head desc limit 1;
    new.at := clock_timestamp();
    new.actor := session_user;
    -- A superuser can act in another's name. Whoever does is named, and the row differs from what
    -- it speaks of: verification finds it.
    if ledger.authenticated_login() <> session_user then
        new.detail := coalesce(new.detail, '{}') || jsonb_build_object(
            'authenticated_as', ledger.authenticated_login());
    end if;
    new.hash := ledger.audit_hash(new.prev_hash, new.seq, new.at, new.actor, new.action,
        new.entry_id, new.from_state, new.to_state, new.detail);
    return new;
end $$;
