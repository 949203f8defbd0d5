-- Loads an opening list as the session's login; lines and balances are arrays of the tables'
-- columns.
create or replace function ledger.load_opening(
    p_file_name text, p_file_sha256 text, p_lines jsonb, p_balances jsonb
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    made bigint := nextval('ledger.opening_list_list_id_seq');
begin
    insert into ledger.opening_line (list_id, line_no, entity_code, account_kind, subject_key,
        payer_class, facility_code, amount, cutover_date)
    select made, line_no, entity_code, account_kind, subject_key, payer_class, facility_code,
           amount, cutover_date
    from jsonb_populate_recordset(null::ledger.opening_line, p_lines);
    insert into ledger.opening_balance (list_id, entity_code, account, stated_amount)
    select made, entity_code, account, stated_amount
    from jsonb_populate_recordset(null::ledger.opening_balance, p_balances);
    insert into ledger.opening_list (list_id, file_name, file_sha256, line_count, gross_amount,
        content_hash, loaded_by, loaded_at)
    values (made, p_file_name, p_file_sha256, 0, 0, '', session_user, clock_timestamp());
    return made;
end $$;
