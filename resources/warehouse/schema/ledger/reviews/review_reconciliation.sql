-- Another person reviews a reconciliation while it is still what was prepared.
create or replace function ledger.review_reconciliation(
    p_reconciliation_id bigint, p_content_hash text
)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_person();
    if not exists (
        select from ledger.reconciliation_sheet() as sheet
        where sheet.reconciliation_id = p_reconciliation_id
          and sheet.content_hash = p_content_hash) then
        raise exception 'TIEOUT CONTENT: reconciliation % is not what was seen',
            p_reconciliation_id;
    elsif exists (select from ledger.reconciliation_review
                  where reconciliation_id = p_reconciliation_id) then
        raise exception 'TIEOUT STATE: reconciliation % is reviewed already', p_reconciliation_id;
    end if;
    insert into ledger.reconciliation_review (reconciliation_id) values (p_reconciliation_id);
    perform ledger.write_audit('review reconciliation', null, null, null, jsonb_build_object(
        'reconciliation_id', p_reconciliation_id, 'content_hash', p_content_hash));
end $$;
