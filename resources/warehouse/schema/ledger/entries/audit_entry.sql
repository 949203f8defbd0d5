-- Writes new entries and their steps to the audit, one statement for all entries of a statement.
-- States before and after are grouped, not joined: a plan kept from one row would join thousands
-- by loops.
create or replace function ledger.audit_entry() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from added) then
        return null;   -- and the head of the audit is not locked
    elsif tg_op = 'INSERT' then
        insert into ledger.audit (action, entry_id, to_state, detail)
        select 'propose', added.entry_id, added.state, jsonb_build_object(
                   'content_hash', added.content_hash, 'erp_key', added.erp_key,
                   'build_id', added.build_id, 'gross_amount', added.gross_amount)
        from added order by added.entry_id;
    else
        insert into ledger.audit (action, entry_id, from_state, to_state, detail)
        select 'step', step.entry_id, max(step.from_state), max(step.to_state),
               (array_agg(step.detail) filter (where step.detail is not null))[1]
        from (
            select replaced.entry_id, replaced.state as from_state, null::text as to_state,
                   null::jsonb as detail
            from replaced
            union all
            select added.entry_id, null, added.state,
                   jsonb_strip_nulls(jsonb_build_object('build_id', added.build_id,
                       'content_hash', added.content_hash, 'entry_no', added.entry_no,
                       'reason', added.state_reason))
            from added
        ) as step
        group by step.entry_id having max(step.from_state) <> max(step.to_state)
        order by step.entry_id;
    end if;
    return null;
end $$;
