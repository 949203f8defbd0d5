-- Records the cut-off of a close: what is known up to this instant.
create or replace function ledger.record_cutoff(p_entity text, p_date date) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if p_date > (select as_of_date from ops.installation) then
        raise exception 'TIEOUT CUTOFF: % is after the as-of date', p_date;
    end if;
    insert into ledger.cutoff (entity_code, cutoff_date, known_at_watermark)
    values (p_entity, p_date, clock_timestamp())
    on conflict (entity_code, cutoff_date) do nothing;
    if found then
        perform ledger.write_audit('record cutoff', null, null, null,
            jsonb_build_object('entity_code', p_entity, 'cutoff_date', p_date));
    end if;
    return found;
end $$;
