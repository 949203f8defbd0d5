-- The hash of the whole content of a policy version; the audit holds it from the moment of
-- loading.
create or replace function ledger.policy_hash(p_policy_id bigint) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(string_agg(line, chr(28) order by line collate "C"), 'UTF8')),
                  'hex')
    from (
        select 'policy' || (to_jsonb(t) - 'loaded_at')::text as line from ledger.policy as t
        where policy_id = p_policy_id
        union all select 'class' || to_jsonb(t)::text from ledger.policy_class as t
        where policy_id = p_policy_id
        union all select 'role' || to_jsonb(t)::text from ledger.policy_role as t
        where policy_id = p_policy_id
        union all select 'conflict' || to_jsonb(t)::text from ledger.policy_conflict as t
        where policy_id = p_policy_id
        union all select 'limit' || to_jsonb(t)::text from ledger.policy_limit as t
        where policy_id = p_policy_id
        union all select 'delegation' || to_jsonb(t)::text from ledger.policy_delegation as t
        where policy_id = p_policy_id
        union all
        select 'requests' || to_jsonb(t)::text from ledger.policy_request as t
        where policy_id = p_policy_id
        union all
        select 'request limit' || to_jsonb(t)::text from ledger.policy_request_limit as t
        where policy_id = p_policy_id
        union all
        select 'request ceiling' || to_jsonb(t)::text from ledger.policy_request_ceiling as t
        where policy_id = p_policy_id
        union all select 'correction' || to_jsonb(t)::text from ledger.policy_correction as t
        where policy_id = p_policy_id
    ) as lines
$$;
