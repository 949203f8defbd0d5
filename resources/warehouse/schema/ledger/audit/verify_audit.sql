-- The rows of the audit that do not continue the chain; none when it is whole.
create or replace function ledger.verify_audit() returns table (seq bigint, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with chain as (
        select row.*, lag(row.seq, 1, 0) over w as prior_seq,
               lag(row.hash, 1, repeat('0', 64)) over w as prior_hash
        from ledger.audit as row window w as (order by row.seq)
    )
    select chain.seq, case
        when chain.seq <> chain.prior_seq + 1 then 'GAP'
        when chain.prev_hash <> chain.prior_hash then 'LINK' else 'HASH' end
    from chain
    where chain.seq <> chain.prior_seq + 1 or chain.prev_hash <> chain.prior_hash
       or chain.hash <> ledger.audit_hash(chain.prev_hash, chain.seq, chain.at, chain.actor,
           chain.action, chain.entry_id, chain.from_state, chain.to_state, chain.detail,
           chain.authenticated)
    union all
    select head.seq, 'HEAD' from ledger.audit_head as head
    left join ledger.audit as last using (seq)
    where (head.seq > 0 and last.hash is distinct from head.hash)
       or exists (select from ledger.audit as later where later.seq > head.seq)
    order by 1
$$;
