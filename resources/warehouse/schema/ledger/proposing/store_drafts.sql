-- Stores drafts that no open proposal has already, as the next generation of their entry.
create or replace function ledger.store_drafts(p_build_id text) returns integer
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    stored integer;
begin
    create temporary table new_entry on commit drop as
    select draft.*, 1 + coalesce((
               select max(entry.generation) from ledger.entry as entry
               where (entry.entity_code, entry.accounting_date, entry.approval_class)
                     = (draft.entity_code, draft.accounting_date, draft.approval_class)), 0)
               as generation, null::bigint as entry_id
    from draft_entry as draft
    where not exists (
        select from ledger.entry as open
        where open.state in ('proposed', 'rejected')
          and (open.entity_code, open.accounting_date, open.approval_class, open.part)
              = (draft.entity_code, draft.accounting_date, draft.approval_class, draft.part));
    with added as (
        insert into ledger.entry (entity_code, accounting_date, approval_class, generation, part,
            build_id, content_hash, erp_key, line_count, gross_amount, proposed_by, proposed_at,
            made_by_xid)
        select entity_code, accounting_date, approval_class, generation, part, p_build_id,
               content_hash,
               left(encode(sha256(convert_to(concat_ws('|', installation_id, entity_code,
                   accounting_date, approval_class, part, generation), 'UTF8')), 'hex'), 40),
               line_count, gross_amount, session_user, clock_timestamp(), pg_current_xact_id()
        from new_entry cross join ledger.installation
        order by accounting_date, entity_code, approval_class, part
        returning *
    )
    update new_entry set entry_id = added.entry_id from added
    where (new_entry.entity_code, new_entry.accounting_date, new_entry.approval_class,
           new_entry.part)
        = (added.entity_code, added.accounting_date, added.approval_class, added.part);
    get diagnostics stored = row_count;
    insert into ledger.entry_line (entry_id, line_no, rule, account, facility_code, payer_class,
        original_period, debit_amount, credit_amount, correction_class)
    select entry_id, line_no, rule, account, facility_code, payer_class, original_period,
           debit_amount, credit_amount, correction_class
    from draft_line join new_entry using (entity_code, accounting_date, approval_class, part)
    order by entry_id, line_no;
    insert into ledger.entry_event (entry_id, line_no, line_id, event_id, event, rule,
        rule_version, account, signed_amount, entity_code, facility_code, payer_class, claim_key,
        account_key, control_key, original_date, evidence_hash, file_id, segment, known_at)
    select entry_id, line_no, line_id, event_id, event, rule, rule_version, account,
           signed_amount, entity_code, facility_code, payer_class, claim_key, account_key,
           control_key, original_date, evidence_hash, file_id, segment, known_at
    from draft_line_event join new_entry
        using (entity_code, accounting_date, approval_class, part)
    order by entry_id, line_no;
    if stored > 0 then   -- the check at the commit and the approval would scan without statistics
        perform ledger.refresh_statistics();
    end if;
    return stored;
end $$;
