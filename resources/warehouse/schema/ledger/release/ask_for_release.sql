-- A person requests the release of a deployed rule set and code, with a reason.
create or replace function ledger.ask_for_release(
    p_rule_set_hash text, p_code_hash text, p_files jsonb, p_reason text
) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.rule_release (rule_set_hash, code_hash, files, reason, author, asked_at)
    values (p_rule_set_hash, p_code_hash, p_files, p_reason, session_user, clock_timestamp())
    returning release_id
$$;
