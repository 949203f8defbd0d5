-- Voids proposals that are no longer desired, and gives unsent entries the new build.
create or replace function ledger.void_and_stamp(
    p_build_id text, out voided_count integer, out unchanged_count integer
) language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    voided_count := ledger.void_entries(array(
        select open.entry_id from ledger.entry as open
        where open.state in ('proposed', 'rejected')
          and not exists (
            select from draft_entry as draft
            where (open.entity_code, open.accounting_date, open.approval_class, open.part,
                   open.content_hash)
                = (draft.entity_code, draft.accounting_date, draft.approval_class, draft.part,
                   draft.content_hash))));
    update ledger.entry set build_id = p_build_id
    where state in ('proposed', 'rejected', 'approved') and build_id <> p_build_id;
    select count(*) into unchanged_count from ledger.entry
    where state in ('proposed', 'rejected');
end $$;
