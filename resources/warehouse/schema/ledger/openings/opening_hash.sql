-- The hash of an opening list: its head, lines and balances.
create or replace function ledger.opening_hash(held ledger.opening_list) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws(chr(31), held.list_id::text, held.file_name,
        held.file_sha256, held.line_count::text, held.gross_amount::text, held.loaded_by,
        (select string_agg(concat_ws('|', line_no, entity_code, account_kind, subject_key,
             payer_class, facility_code, amount, cutover_date), chr(30) order by line_no)
         from ledger.opening_line where list_id = held.list_id),
        (select string_agg(concat_ws('|', entity_code, account, stated_amount), chr(30)
             order by entity_code collate "C", account collate "C")
         from ledger.opening_balance where list_id = held.list_id)), 'UTF8')), 'hex')
$$;
