-- Lines of a run whose balance differs from the newest build's, in either direction.
create or replace function ledger.run_balance_problem(held ledger.model_run) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select min(concat_ws('/', facility_code, payer_class, age_bucket))
    from (select * from ledger.model_run_line where run_id = held.run_id) as line
    full join (select * from ledger.estimate_balance
               where entity_code = held.entity_code and cutoff_date = held.cutoff_date
                 and rule = held.rule) as basis
        using (facility_code, payer_class, age_bucket)
    where line.balance_amount is distinct from basis.balance_amount
$$;
