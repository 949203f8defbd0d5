-- The role whose signature an entry still lacks; null when none is missing.
create or replace function ledger.missing_role(p_entry_id bigint) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select min(wanted.role) from (
        select class.includes_role as role
        from ledger.entry as entry join ledger.approval_class as class using (approval_class)
        where entry.entry_id = p_entry_id and class.includes_role is not null
        union all
        select policy.error_role from ledger.policy as policy
        where policy.policy_id = ledger.policy_id() and ledger.is_material_error(p_entry_id)
    ) as wanted
    where not ledger.has_signature(p_entry_id, wanted.role)
$$;
