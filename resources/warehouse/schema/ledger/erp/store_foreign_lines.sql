-- Stores third-party lines, and marks those gone that a reading covers and no longer shows: of
-- all documents, or of the named ones. One definition for both ways of reading.
create or replace function ledger.store_foreign_lines(
    p_entity text, p_erp text, p_since date, p_lines jsonb,
    p_references text[], out foreign_count integer, out new_count integer, out gone_count integer)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    moment timestamptz;
begin
    perform pg_advisory_xact_lock(7103029, hashtext(p_entity));
    moment := clock_timestamp();
    with told as (
        select reference, coalesce(key, '') as key, account, accounting_date,
               debit::numeric(14, 2) as debit, credit::numeric(14, 2) as credit,
               row_number() over (partition by reference, account, accounting_date,
                   debit::numeric(14, 2), credit::numeric(14, 2))::integer as ordinal
        from jsonb_to_recordset(p_lines) as line (reference text, key text, account text,
            accounting_date date, debit numeric, credit numeric)
    ),
    judged as (
        select told.*, case
            when entry.entry_id is null then 'ERP_MANUAL_ENTRY'
            when document.document_ref = told.reference then null
            when document.document_ref is null and entry.state in ('sending', 'unknown') then null
            else 'ERP_KEY_REUSED' end as code
        from told
        left join ledger.entry as entry
            on entry.erp_key = told.key and entry.entity_code = p_entity
        left join ledger.erp_document as document using (entry_id)
    )
    insert into ledger.foreign_line (entity_code, erp, document_ref, account, accounting_date,
        debit_amount, credit_amount, ordinal, code, found_at, seen_at)
    select p_entity, p_erp, reference, account, accounting_date, debit, credit, ordinal, code,
           moment, moment
    from judged where code is not null
    on conflict (entity_code, erp, document_ref, account, accounting_date, debit_amount,
                 credit_amount, ordinal)
    do update set seen_at = excluded.seen_at, gone_at = null, code = excluded.code;
    get diagnostics foreign_count = row_count;
    select count(*) into new_count from ledger.foreign_line
    where entity_code = p_entity and erp = p_erp and found_at = moment;
    update ledger.foreign_line set gone_at = moment
    where entity_code = p_entity and erp = p_erp and accounting_date >= p_since
      and seen_at < moment and gone_at is null
      and (p_references is null or document_ref = any(p_references));
    get diagnostics gone_count = row_count;
    if new_count + gone_count > 0 then
        perform ledger.write_audit('read foreign lines', null, null, null, jsonb_build_object(
            'entity_code', p_entity, 'since', p_since, 'foreign', foreign_count,
            'new', new_count, 'gone', gone_count));
    end if;
    if foreign_count + gone_count > 0 then
        perform ledger.sync_foreign_exceptions(p_entity);
    end if;
end $$;
