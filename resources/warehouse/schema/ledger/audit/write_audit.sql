-- Writes one row of the audit: an action, its entry and states where it has them, and its
-- details.
create or replace function ledger.write_audit(
    p_action text, p_entry_id bigint, p_from text, p_to text, p_detail jsonb
) returns void language sql set search_path = pg_catalog, pg_temp as $$
    insert into ledger.audit (action, entry_id, from_state, to_state, detail)
    values (p_action, p_entry_id, p_from, p_to, p_detail)
$$;
