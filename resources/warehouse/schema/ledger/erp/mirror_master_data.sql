-- Mirrors the ERP's accounts and segments of an entity; returns how many changed.
create or replace function ledger.mirror_master_data(
    p_entity text, p_accounts jsonb, p_segments jsonb
) returns integer
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
    altered := ledger.store_master_data(p_entity, p_accounts, p_segments);
    altered_count := jsonb_array_length(altered);
    update ledger.erp_mirror set mirrored_at = clock_timestamp() where entity_code = p_entity;
    if altered_count > 0 then
        perform ledger.write_audit('mirror master data', null, null, null,
            jsonb_build_object('entity_code', p_entity, 'changed_count', altered_count)
            || case when is_first then '{}'::jsonb
                    else jsonb_build_object('changed', altered) end);
    end if;
    return altered_count;
end $$;
