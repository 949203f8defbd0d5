-- Sums drafts to numbered entry lines and gives events their number: sums are few, events many.
-- Merge joins are off: the planner takes the eight equal columns for rare and would sort the
-- events.
create or replace function ledger.draft_entries() returns void
language plpgsql set search_path = pg_catalog, pg_temp set enable_mergejoin = off as $$
begin
    create temporary table draft_line on commit drop as
    select line.entity_code, line.accounting_date, line.approval_class, line.part,
           row_number() over (
               partition by line.entity_code, line.accounting_date, line.approval_class, line.part
               order by line.rule collate "C", line.original_period, line.account collate "C",
                        line.facility_code collate "C", line.payer_class collate "C", line.side
           )::integer as line_no, line.rule, line.account, line.facility_code, line.payer_class,
           line.original_period, line.side,
           (case when line.side = 1 then line.amount else 0 end)::numeric(14, 2) as debit_amount,
           (case when line.side = 2 then -line.amount else 0 end)::numeric(14, 2) as credit_amount,
           case when line.original_period < date_trunc('month', line.accounting_date)
               then ledger.correction_class_of(line.entity_code, line.original_period, line.rule)
               end as correction_class
    from (
        select entity_code, accounting_date, approval_class, part, rule, account, facility_code,
               payer_class, original_period, side, sum(signed_amount) as amount
        from draft_event
        group by entity_code, accounting_date, approval_class, part, rule, account,
                 facility_code, payer_class, original_period, side
    ) as line;
    analyze draft_line;
    create temporary table draft_line_event on commit drop as
    select event.*, line.line_no
    from draft_event as event join draft_line as line
        using (entity_code, accounting_date, approval_class, part, rule, account,
               original_period, side)
    where coalesce(event.facility_code, chr(30)) = coalesce(line.facility_code, chr(30))
      and coalesce(event.payer_class, chr(30)) = coalesce(line.payer_class, chr(30));
    create temporary table draft_entry on commit drop as
    select entity_code, accounting_date, approval_class, part, lines.line_count,
           lines.gross_amount,
           ledger.entry_hash(entity_code, accounting_date, approval_class, part,
               lines.content, events.content) as content_hash
    from (
        select entity_code, accounting_date, approval_class, part,
               count(*)::integer as line_count, sum(debit_amount) as gross_amount,
               string_agg(ledger.line_text(line_no, rule, account, facility_code, payer_class,
                   original_period, debit_amount, credit_amount, correction_class), chr(28)
                   order by line_no) as content
        from draft_line group by entity_code, accounting_date, approval_class, part
    ) as lines join (
        select entity_code, accounting_date, approval_class, part,
               string_agg(ledger.event_text(line_no, line_id, event_id, event, rule, rule_version,
                   account, signed_amount, entity_code, facility_code, payer_class, claim_key,
                   account_key, control_key, original_date, evidence_hash, file_id, segment),
                   chr(28) order by line_no, line_id collate "C", signed_amount) as content
        from draft_line_event group by entity_code, accounting_date, approval_class, part
    ) as events using (entity_code, accounting_date, approval_class, part);
end $$;
