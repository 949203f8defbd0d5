-- Lines of a run whose rate does not follow from the history of the newest build.
create or replace function ledger.run_rate_problem(held ledger.model_run) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select min(concat_ws('/', line.facility_code, line.payer_class, line.age_bucket))
    from ledger.model_run_line as line
    where line.run_id = held.run_id and line.rate_level <> 'none' and not exists (
        select from ledger.estimate_rate as basis
        where basis.entity_code = held.entity_code and basis.cutoff_date = held.cutoff_date
          and basis.rule = held.rule and basis.period = 'ALL'
          and (basis.facility_code, basis.payer_class) = (
              case line.rate_level when 'segment' then line.facility_code else 'ALL' end,
              case line.rate_level when 'segment' then line.payer_class else 'ALL' end)
          and basis.age_bucket = case when held.method = 'expected_yield'
              or line.rate_level = 'entity_all' then 'ALL' else line.age_bucket end
          and basis.observation_count = line.observation_count
          and basis.exposed_amount = line.exposed_amount
          and case held.method when 'expected_yield' then basis.uncollected_amount
              else basis.lost_amount end = line.lost_amount)
$$;
