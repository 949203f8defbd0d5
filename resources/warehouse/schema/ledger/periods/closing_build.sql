-- The newest build that saw the whole period: a close rests on its certificate.
create or replace function ledger.closing_build(p_entity text, p_start date) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select build.build_id from ops.build as build
    join ledger.period as period on build.as_of_date >= period.period_end
    where period.entity_code = p_entity and period.period_start = p_start
    order by build.started_at desc, build.build_id desc limit 1
$$;
