-- The hash of a model run: its head, its lines and what other rules used of the allowance.
create or replace function ledger.run_hash(held ledger.model_run) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws(chr(31), held.run_id::text, held.entity_code,
        held.cutoff_date::text, held.rule, held.method, held.parameters::text, held.code_version,
        held.build_id, held.line_count::text, held.balance_amount::text,
        held.required_amount::text, held.prepared_by,
        (select string_agg(concat_ws('|', line_no, facility_code, payer_class, age_bucket,
             balance_amount, rate, rate_level, observation_count, lost_amount, exposed_amount,
             required_amount), chr(30) order by line_no)
         from ledger.model_run_line where run_id = held.run_id),
        (select string_agg(concat_ws('|', facility_code, payer_class, used_amount), chr(30)
             order by facility_code collate "C", payer_class collate "C")
         from ledger.model_run_use where run_id = held.run_id)), 'UTF8')), 'hex')
$$;
