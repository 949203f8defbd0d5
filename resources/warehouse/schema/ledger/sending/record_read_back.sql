-- Records the document as the ERP shows it now; the audit keeps what it showed at posting.
create or replace function ledger.record_read_back(
    p_entry_id bigint, p_document_state text, p_document_number text, p_lines jsonb
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    is_equal boolean := ledger.lines_match(p_entry_id, p_lines);
    was_equal boolean;
begin
    select matches into was_equal from ledger.erp_document where entry_id = p_entry_id for update;
    if not found then
        raise exception 'TIEOUT NO_DOCUMENT: entry % has no ERP document', p_entry_id;
    end if;
    update ledger.erp_document set state = p_document_state, document_number = p_document_number,
        read_at = clock_timestamp(), matches = is_equal
    where entry_id = p_entry_id;
    perform ledger.store_document_lines(p_entry_id, p_lines);
    if is_equal <> was_equal then
        perform ledger.write_audit('read back', p_entry_id, null, null,
            jsonb_build_object('matches', is_equal, 'document_state', p_document_state));
    end if;
    return is_equal;
end $$;
