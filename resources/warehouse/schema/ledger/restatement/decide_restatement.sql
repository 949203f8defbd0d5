-- A second person approves or refuses a restatement order, with a reason.
create or replace function ledger.decide_restatement(
    p_order_id bigint, p_act text, p_content_hash text, p_reason text default null
) returns text
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.restatement_act (order_id, act, content_hash, reason, actor, acted_at)
    values (p_order_id, p_act, p_content_hash, p_reason, session_user, clock_timestamp())
    returning act
$$;
