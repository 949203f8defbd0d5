-- The audit: who did what and when, in a chain that shows what was changed or left out.

-- The audit chain: each row carries the hash of the one before it.
create function ledger.audit_hash(
    prev_hash text, seq bigint, at timestamptz, actor text, action text, entry_id bigint,
    from_state text, to_state text, detail jsonb
) returns text language sql immutable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws(chr(31), prev_hash, seq::text,
        to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), actor, action,
        coalesce(entry_id::text, ''), coalesce(from_state, ''), coalesce(to_state, ''),
        detail::text), 'UTF8')), 'hex')
$$;
create function ledger.chain_audit() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    select seq + 1, hash into new.seq, new.prev_hash from ledger.audit_head for update;
    new.at := clock_timestamp();
    new.actor := session_user;
    new.hash := ledger.audit_hash(new.prev_hash, new.seq, new.at, new.actor, new.action,
        new.entry_id, new.from_state, new.to_state, new.detail);
    update ledger.audit_head set seq = new.seq, hash = new.hash;
    return new;
end $$;
create trigger chain before insert on ledger.audit
    for each row execute function ledger.chain_audit();
create function ledger.guard_head() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if pg_trigger_depth() < 2 or new.seq <> old.seq + 1 then
        raise exception 'TIEOUT IMMUTABLE: the head of the audit moves with the audit alone';
    end if;
    return new;
end $$;
create trigger guard before update on ledger.audit_head
    for each row execute function ledger.guard_head();

create function ledger.write_audit(
    p_action text, p_entry_id bigint, p_from text, p_to text, p_detail jsonb
) returns void language sql set search_path = pg_catalog, pg_temp as $$
    insert into ledger.audit (action, entry_id, from_state, to_state, detail)
    values (p_action, p_entry_id, p_from, p_to, p_detail)
$$;
create function ledger.audit_entry() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        perform ledger.write_audit('propose', new.entry_id, null, new.state, jsonb_build_object(
            'content_hash', new.content_hash, 'erp_key', new.erp_key, 'build_id', new.build_id,
            'gross_amount', new.gross_amount));
    elsif new.state <> old.state then
        perform ledger.write_audit('step', new.entry_id, old.state, new.state,
            jsonb_strip_nulls(jsonb_build_object('build_id', new.build_id,
                'content_hash', new.content_hash, 'entry_no', new.entry_no,
                'reason', new.state_reason)));
    end if;
    return null;
end $$;
create trigger audit after insert or update on ledger.entry
    for each row execute function ledger.audit_entry();
create function ledger.audit_approval() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit(case when tg_op = 'INSERT' then 'sign' else 'void signature' end,
        new.entry_id, null, null, jsonb_build_object('approval_id', new.approval_id,
            'basis', new.basis, 'approver', new.approver, 'content_hash', new.content_hash));
    return null;
end $$;
create trigger audit after insert or update on ledger.approval
    for each row execute function ledger.audit_approval();

-- What is wrong with the audit chain: nothing, or the first rows that do not fit.
create function ledger.verify_chain() returns table (seq bigint, problem text)
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
           chain.action, chain.entry_id, chain.from_state, chain.to_state, chain.detail)
    union all
    select head.seq, 'HEAD' from ledger.audit_head as head
    left join ledger.audit as last using (seq)
    where (head.seq > 0 and last.hash is distinct from head.hash)
       or exists (select from ledger.audit as later where later.seq > head.seq)
    order by 1
$$;

-- Entries that do not equal what was audited, or whose lines do not equal their evidence.
create function ledger.verify_entries() returns table (entry_id bigint, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select entry.entry_id, case
        when ledger.entry_problem(entry.entry_id) is not null
            then ledger.entry_problem(entry.entry_id)
        when first.content_hash is distinct from entry.content_hash then 'AUDIT'
        else 'STATE' end
    from ledger.entry as entry
    left join lateral (
        select audit.detail ->> 'content_hash' as content_hash from ledger.audit as audit
        where audit.entry_id = entry.entry_id and audit.action = 'propose'
    ) as first on true
    left join lateral (
        select audit.to_state from ledger.audit as audit
        where audit.entry_id = entry.entry_id and audit.action in ('propose', 'step')
        order by audit.seq desc limit 1
    ) as last on true
    where ledger.entry_problem(entry.entry_id) is not null
       or first.content_hash is distinct from entry.content_hash
       or last.to_state is distinct from entry.state
$$;
