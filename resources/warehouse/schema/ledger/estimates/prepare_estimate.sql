-- Keeps a model run as the session's login. `p_lines` is an array of the columns of
-- model_run_line.
create or replace function ledger.prepare_estimate(
    p_entity text, p_cutoff date, p_rule text, p_method text, p_parameters jsonb,
    p_code_version text, p_lines jsonb
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    made bigint := nextval('ledger.model_run_run_id_seq');
begin
    if not exists (select from ledger.cutoff
                   where entity_code = p_entity and cutoff_date = p_cutoff) then
        raise exception 'TIEOUT NO_CUTOFF: % has no cut-off on %', p_entity, p_cutoff;
    elsif not exists (select from ledger.model_rule where rule = p_rule) then
        raise exception 'TIEOUT RULE: % is not estimated', p_rule;
    end if;
    insert into ledger.model_run_line (run_id, line_no, facility_code, payer_class, age_bucket,
        balance_amount, rate, rate_level, observation_count, lost_amount, exposed_amount,
        required_amount)
    select made, line_no, facility_code, payer_class, age_bucket, balance_amount, rate,
           rate_level, observation_count, lost_amount, exposed_amount, required_amount
    from jsonb_populate_recordset(null::ledger.model_run_line, p_lines);
    insert into ledger.model_run (run_id, entity_code, cutoff_date, rule, method, parameters,
        code_version, build_id, line_count, balance_amount, required_amount, content_hash,
        prepared_by, prepared_at)
    values (made, p_entity, p_cutoff, p_rule, p_method, p_parameters, p_code_version, '', 0, 0, 0,
        '', session_user, clock_timestamp());
    return made;
end $$;
