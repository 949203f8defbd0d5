-- Entries that differ from their audit row, or whose lines differ from their evidence.
create or replace function ledger.verify_content() returns table (entry_id bigint, problem text)
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
