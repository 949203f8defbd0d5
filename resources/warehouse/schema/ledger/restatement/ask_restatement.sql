-- A person requests a restatement order with the hash of its what-if difference.
create or replace function ledger.ask_restatement(
    p_what_if_hash text, p_rules text[], p_reason text
)
returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.restatement_order
        (what_if_hash, rules, reason, content_hash, asked_by, asked_at)
    values (p_what_if_hash, p_rules, p_reason, '', session_user, clock_timestamp())
    returning order_id
$$;
