-- The hash of an entry's content: its head, its lines and the events behind them.
create or replace function ledger.content_hash_of(p_entry_id bigint) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select ledger.entry_hash(entry.entity_code, entry.accounting_date, entry.approval_class,
        entry.part,
        (select string_agg(ledger.line_text(line_no, rule, account, facility_code, payer_class,
            original_period, debit_amount, credit_amount, correction_class), chr(28)
            order by line_no)
         from ledger.entry_line where entry_id = p_entry_id),
        (select string_agg(ledger.event_text(line_no, line_id, event_id, event, rule,
            rule_version, account, signed_amount, entity_code, facility_code, payer_class,
            claim_key, account_key, control_key, original_date, evidence_hash, file_id, segment),
            chr(28) order by line_no, line_id collate "C", signed_amount)
         from ledger.entry_event where entry_id = p_entry_id))
    from ledger.entry as entry where entry_id = p_entry_id
$$;
