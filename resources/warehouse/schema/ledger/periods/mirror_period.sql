-- Mirrors the ERP's status of a period.
create or replace function ledger.mirror_period(
    p_entity text, p_start date, p_end date, p_ref text, p_erp_status text
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    was text;
begin
    if exists (select from ledger.period where entity_code = p_entity
               and period_start <> p_start
               and daterange(period_start, period_end, '[]') && daterange(p_start, p_end, '[]'))
    then
        raise exception 'TIEOUT PERIOD: periods of % overlap at %', p_entity, p_start;
    end if;
    select erp_status into was from ledger.period
    where entity_code = p_entity and period_start = p_start for update;
    insert into ledger.period (entity_code, period_start, period_end, erp_status, erp_period_ref)
    values (p_entity, p_start, p_end, p_erp_status, p_ref)
    on conflict (entity_code, period_start) do update set
        period_end = excluded.period_end, erp_status = excluded.erp_status,
        erp_period_ref = excluded.erp_period_ref, mirrored_at = clock_timestamp();
    if was is distinct from p_erp_status then
        perform ledger.write_audit('mirror period', null, was, p_erp_status,
            jsonb_build_object('entity_code', p_entity, 'period_start', p_start));
    end if;
end $$;
