-- Of several accounts with one code exactly one may be active: no ERP takes an unclear one.
create or replace function ledger.mirror_master_data(p_entity text, p_accounts jsonb, p_segments jsonb)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    is_first boolean;
    altered jsonb;
    altered_count integer;
begin
    select mirrored_at is null into is_first from ledger.erp_mirror
    where entity_code = p_entity for update;
    if not found then
        raise exception 'TIEOUT MASTER_DATA: no mirror of % is due', p_entity;
    elsif jsonb_array_length(p_accounts) = 0 then
        raise exception 'TIEOUT MASTER_DATA: the ERP shows no account of %', p_entity;
    end if;
    with told as (
        select 'account' as kind, account as value, count(*) filter (where is_active) = 1 as active
        from jsonb_to_recordset(p_accounts) as told (account text, is_active boolean)
        group by account
        union all
        select dimension, value, bool_or(is_active)
        from jsonb_to_recordset(p_segments)
            as told (dimension text, value text, is_active boolean)
        group by dimension, value
    ),
    known as (
        select 'account' as kind, account as value, is_active as active
        from ledger.erp_account where entity_code = p_entity
        union all
        select dimension, value, is_active from ledger.erp_segment where entity_code = p_entity
    ),
    compared as (
        select kind, value, told.active from told full join known using (kind, value)
        where told.active is distinct from known.active
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
    accounts_told as (
        insert into ledger.erp_account (entity_code, account, is_active, mirrored_at)
        select p_entity, value, active, clock_timestamp() from told where kind = 'account'
        on conflict (entity_code, account) do update
            set is_active = excluded.is_active, mirrored_at = excluded.mirrored_at
    ),
    segments_told as (
        insert into ledger.erp_segment (entity_code, dimension, value, is_active, mirrored_at)
        select p_entity, kind, value, active, clock_timestamp() from told where kind <> 'account'
        on conflict (entity_code, dimension, value) do update
            set is_active = excluded.is_active, mirrored_at = excluded.mirrored_at
    )
    select count(*), jsonb_agg(jsonb_build_array(kind, value, active))
    into altered_count, altered from compared;
    update ledger.erp_mirror set mirrored_at = clock_timestamp() where entity_code = p_entity;
    if altered_count > 0 then
        perform ledger.write_audit('mirror master data', null, null, null,
            jsonb_build_object('entity_code', p_entity, 'changed_count', altered_count)
            || case when is_first then '{}'::jsonb
                    else jsonb_build_object('changed', altered) end);
    end if;
    return altered_count;
end $$;
