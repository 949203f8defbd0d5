-- Opens an exception for each unexplained third-party line, and closes those of explained ones.
create or replace function ledger.sync_foreign_exceptions(p_entity text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    insert into ops.exception as held (exception_id, source, record_kind, code, severity, rule,
        message, amount, entity_code, origin, opened_at)
    select 'erp-line-' || line.foreign_line_id, 'erp', 'erp_line', line.code, 'error', known.rule,
           'document ' || line.document_ref || ' of ' || line.erp || ', account ' || line.account
           || ', ' || line.accounting_date,
           line.amount, line.entity_code, 'erp', clock_timestamp()
    from ledger.foreign_state as line join ops.reason_code as known using (code)
    where line.entity_code = p_entity and line.state = 'unexplained'
    on conflict (exception_id) do update set
        closed_at = null, closed_reason = null, code = excluded.code, rule = excluded.rule,
        opened_at = case when held.closed_at is null then held.opened_at
                         else excluded.opened_at end;
    update ops.exception as held set closed_at = clock_timestamp(),
        closed_reason = 'the line is ' || line.state
    from ledger.foreign_state as line
    where held.exception_id = 'erp-line-' || line.foreign_line_id and held.closed_at is null
      and line.entity_code = p_entity and line.state <> 'unexplained'
$$;
