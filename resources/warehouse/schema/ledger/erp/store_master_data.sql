-- Makes the mirrored accounts and segments of an entity those that the ERP reports; returns the
-- changed ones as kind, value and state. An account code counts as active only if exactly one
-- account with it is: no ERP takes an ambiguous one.
create or replace function ledger.store_master_data(
    p_entity text, p_accounts jsonb, p_segments jsonb
) returns jsonb
language sql set search_path = pg_catalog, pg_temp as $$
    with reported as (
        select 'account' as kind, account as value, count(*) filter (where is_active) = 1 as active
        from jsonb_to_recordset(p_accounts) as reported (account text, is_active boolean)
        group by account
        union all
        select dimension, value, bool_or(is_active)
        from jsonb_to_recordset(p_segments)
            as reported (dimension text, value text, is_active boolean)
        group by dimension, value
    ),
    known as (
        select 'account' as kind, account as value, is_active as active
        from ledger.erp_account where entity_code = p_entity
        union all
        select dimension, value, is_active from ledger.erp_segment where entity_code = p_entity
    ),
    compared as (
        select kind, value, reported.active from reported full join known using (kind, value)
        where reported.active is distinct from known.active
    ),
    accounts_gone as (
        delete from ledger.erp_account as old using compared
        where old.entity_code = p_entity and compared.kind = 'account'
          and compared.value = old.account and compared.active is null
    ),
    segments_gone as (
        delete from ledger.erp_segment as old using compared
        where old.entity_code = p_entity and compared.kind = old.dimension
          and compared.value = old.value and compared.active is null
    ),
    accounts_kept as (
        insert into ledger.erp_account (entity_code, account, is_active, mirrored_at)
        select p_entity, value, active, clock_timestamp() from reported where kind = 'account'
        on conflict (entity_code, account) do update
            set is_active = excluded.is_active, mirrored_at = excluded.mirrored_at
    ),
    segments_kept as (
        insert into ledger.erp_segment (entity_code, dimension, value, is_active, mirrored_at)
        select p_entity, kind, value, active, clock_timestamp()
        from reported where kind <> 'account'
        on conflict (entity_code, dimension, value) do update
            set is_active = excluded.is_active, mirrored_at = excluded.mirrored_at
    )
    select coalesce(jsonb_agg(jsonb_build_array(kind, value, active)), '[]'::jsonb) from compared
$$;
