-- Periods and cut-offs: mirrored from the ERP, closed and reopened by people.

create function ledger.mirror_period(
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

-- Reopening voids the certificates of the builds whose as-of date lies in the period.
create function ledger.set_period(p_entity text, p_start date, p_status text, p_reason text)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.period;
begin
    perform ledger.check_person();
    select * into held from ledger.period
    where entity_code = p_entity and period_start = p_start for update;
    if not found then
        raise exception 'TIEOUT PERIOD: % has no period that begins on %', p_entity, p_start;
    elsif coalesce(p_reason, '') = '' then
        raise exception 'TIEOUT REASON: closing and reopening need a reason';
    elsif held.own_status = p_status then
        return;
    end if;
    update ledger.period set own_status = p_status
    where entity_code = p_entity and period_start = p_start;
    if p_status = 'open' then
        update ops.certificate set voided_at = clock_timestamp(), void_reason = 'period reopened'
        where voided_at is null and build_id in (
            select build_id from ops.build
            where as_of_date between held.period_start and held.period_end);
    end if;
    perform ledger.write_audit('set period', null, held.own_status, p_status,
        jsonb_build_object('entity_code', p_entity, 'period_start', p_start,
            'reason', p_reason));
end $$;

create function ledger.record_cutoff(p_entity text, p_date date) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into ledger.cutoff (entity_code, cutoff_date, known_at_watermark)
    values (p_entity, p_date, clock_timestamp())
    on conflict (entity_code, cutoff_date) do nothing;
    if found then
        perform ledger.write_audit('record cutoff', null, null, null,
            jsonb_build_object('entity_code', p_entity, 'cutoff_date', p_date));
    end if;
    return found;
end $$;
