-- Replaces the stored lines of an entry's ERP document.
create or replace function ledger.store_document_lines(
    p_entry_id bigint, p_lines jsonb
) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    delete from ledger.erp_document_line where entry_id = p_entry_id;
    insert into ledger.erp_document_line
        (entry_id, line_no, account, debit_amount, credit_amount, description)
    select p_entry_id, line_no, account, debit, credit, description
    from jsonb_to_recordset(p_lines) as theirs
        (line_no integer, account text, debit numeric, credit numeric, description text)
$$;
