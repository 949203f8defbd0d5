-- A second person approves or refuses a release, with a reason.
create or replace function ledger.decide_on_release(
    p_release_id bigint, p_act text, p_rule_set_hash text, p_code_hash text, p_reason text
) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.rule_release_act
        (release_id, act, rule_set_hash, code_hash, reason, actor, acted_at)
    values (p_release_id, p_act, p_rule_set_hash, p_code_hash, coalesce(p_reason, ''),
        session_user, clock_timestamp())
$$;
