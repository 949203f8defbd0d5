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
    new.authenticated := ledger.authenticated();
    new.hash := ledger.audit_hash(new.prev_hash, new.seq, new.at, new.actor, new.action,
        new.entry_id, new.from_state, new.to_state, new.detail, new.authenticated);
    return new;
end $$;
