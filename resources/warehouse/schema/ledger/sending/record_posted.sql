-- Records the ERP document of an entry. A second, different document is kept beside it and
-- reported.
create or replace function ledger.record_posted(
    p_entry_id bigint, p_document_ref text, p_document_number text, p_lines jsonb,
    p_erp text default 'tryton', p_posted_on date default null
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
    known ledger.erp_document;
    is_equal boolean := ledger.lines_match(p_entry_id, p_lines);
begin
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    select * into known from ledger.erp_document where entry_id = p_entry_id;
    if held.state = 'posted' and (known.erp, known.document_ref) = (p_erp, p_document_ref) then
        return known.matches;
    elsif held.state in ('posted', 'void') then
        insert into ledger.second_document (entry_id, erp, document_ref)
        values (p_entry_id, p_erp, p_document_ref) on conflict do nothing;
        perform ledger.write_audit('second document', p_entry_id, held.state, held.state,
            jsonb_build_object('document_ref', p_document_ref));
        return false;
    elsif held.entry_no is null then   -- it was never sent
        raise exception 'TIEOUT STATE: entry % is %', p_entry_id, coalesce(held.state, 'unknown');
    end if;
    insert into ledger.erp_document (entry_id, erp, document_ref, document_number, state,
        posted_on, read_at, matches)
    values (p_entry_id, p_erp, p_document_ref, p_document_number, 'posted',
        coalesce(p_posted_on, held.accounting_date), clock_timestamp(), is_equal);
    perform ledger.store_document_lines(p_entry_id, p_lines);
    update ledger.entry set state = 'posted', state_reason = null where entry_id = p_entry_id;
    return is_equal;
end $$;
