-- Records that master data was asked for, before the ERP is asked: a mirror that never completes
-- is then known, and holds.
create or replace function ledger.expect_master_data(p_entity text, p_erp text, p_dimensions text[])
returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.erp_mirror as known (entity_code, erp, dimensions, due_at)
    values (p_entity, p_erp, p_dimensions, clock_timestamp())
    on conflict (entity_code) do update set
        erp = excluded.erp, dimensions = excluded.dimensions, due_at = excluded.due_at,
        mirrored_at = case when known.erp = excluded.erp then known.mirrored_at end
$$;
