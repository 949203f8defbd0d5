-- What is read of an ERP that tells which documents changed: the documents since the last reading,
-- and everything only when the totals say that something was missed, or once a week.

-- Each reading keeps where it ended, so that the next one begins there. `newest_change` is by the
-- clock of the ERP; `overlap` has the third-party documents of the overlap with the next reading;
-- `unexplained_totals` what the ERP's balances had beyond all that was read, by account.
alter table ledger.foreign_read
    add column is_complete boolean not null default true,
    add column newest_change timestamptz,
    add column overlap jsonb not null default '[]' check (jsonb_typeof(overlap) = 'array'),
    add column unexplained_totals jsonb;

-- The ERP's balances less our documents and less third-party lines, by account, where not zero. It
-- stays the same for as long as everything that changed in the ERP was read.
create function ledger.unexplained_totals(p_entity text) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(jsonb_object_agg(account, amount::text order by account), '{}')
    from (
        select part.account, sum(part.amount) as amount
        from (
            select account, balance_amount as amount
            from ledger.erp_balance where entity_code = p_entity
            union all
            select line.account, line.credit_amount - line.debit_amount
            from ledger.entry as entry
            join ledger.erp_document as document using (entry_id)
            join ledger.erp_document_line as line using (entry_id)
            where entry.entity_code = p_entity and document.state <> 'missing'
            union all
            select line.account, line.credit_amount - line.debit_amount
            from ledger.foreign_line as line
            where line.entity_code = p_entity and line.gone_at is null
              and line.accounting_date <= (
                select max(as_of_date) from ledger.erp_balance where entity_code = p_entity)
        ) as part
        where part.account in (select account from ledger.erp_balance
                               where entity_code = p_entity)
        group by part.account having sum(part.amount) <> 0
    ) as total
$$;

-- Where the next reading begins: the first day that is compared, and half an hour before the newest
-- change that was read, for changes that took effect later than they are stamped. No moment:
-- everything is to be read, as nothing was, or not for a week.
create function ledger.reading_start(p_entity text, p_erp text)
    returns table (first_day date, changed_from timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select own.first_day, last.newest_change - interval '30 minutes'
    from (select coalesce(
              (select last_day + 1 from ledger.carry where entity_code = p_entity),
              (select min(date_trunc('month', accounting_date))::date
               from ledger.entry where entity_code = p_entity)) as first_day) as own
    left join lateral (
        select reading.newest_change from ledger.foreign_read as reading
        where reading.entity_code = p_entity and reading.erp = p_erp
          and exists (
            select from ledger.foreign_read as complete
            where complete.entity_code = p_entity and complete.erp = p_erp
              and complete.is_complete and complete.since <= own.first_day
              and complete.newest_change is not null
              and complete.read_at > clock_timestamp() - interval '7 days')
        order by reading.read_id desc limit 1) as last on true
    where own.first_day is not null
$$;

-- Documents among the changed ones whose lines are to be read: those that are not ours, or not any
-- more, but for those that the last reading had with the same change already.
create function ledger.changes_to_read(p_entity text, p_erp text, p_changes jsonb)
    returns table (reference text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select change.reference
    from jsonb_to_recordset(p_changes) as change (reference text, key text, changed_at timestamptz)
    where not exists (
        select from ledger.entry as entry join ledger.erp_document as document using (entry_id)
        where entry.erp_key = change.key and entry.entity_code = p_entity
          and document.document_ref = change.reference and document.erp = p_erp)
      and not exists (
        select from (
            select reading.overlap from ledger.foreign_read as reading
            where reading.entity_code = p_entity and reading.erp = p_erp
            order by reading.read_id desc limit 1) as last,
            jsonb_to_recordset(last.overlap) as known (reference text, changed_at timestamptz)
        where (known.reference, known.changed_at) = (change.reference, change.changed_at))
$$;

-- Keeps lines that are not ours, and what is gone of those that a reading covers: of all documents,
-- or of those named. One definition for both ways of reading.
create function ledger.store_foreign_lines(p_entity text, p_erp text, p_since date, p_lines jsonb,
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

-- All lines since a day, of an ERP that tells no changes, or where totals differ. `p_changes` are
-- the changes that the ERP told before it was asked for its lines.
drop function ledger.record_foreign_lines(text, text, date, jsonb);
create function ledger.record_foreign_lines(p_entity text, p_erp text, p_since date,
    p_lines jsonb, p_changes jsonb default '[]')
    returns table (foreign_count integer, new_count integer, gone_count integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    select stored.* into foreign_count, new_count, gone_count
    from ledger.store_foreign_lines(p_entity, p_erp, p_since, p_lines, null) as stored;
    perform ledger.keep_reading(p_entity, p_erp, p_since, true, jsonb_array_length(p_lines),
        p_changes);
    return next;
end $$;

-- The lines of changed documents that are not ours; counts all third-party lines that stand, and the
-- new and gone ones of this reading. `is_missing_some`: the ERP's balances moved by
-- more than what was read, so that everything is to be read.
create function ledger.record_foreign_changes(p_entity text, p_erp text, p_since date,
    p_is_complete boolean, p_changes jsonb, p_references text[], p_lines jsonb)
    returns table (foreign_count integer, new_count integer, gone_count integer,
                   is_missing_some boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    last_totals jsonb;
begin
    select stored.new_count, stored.gone_count into new_count, gone_count
    from ledger.store_foreign_lines(p_entity, p_erp, p_since, p_lines,
        case when not p_is_complete then p_references end) as stored;
    select count(*) into foreign_count from ledger.foreign_line as line
    where line.entity_code = p_entity and line.erp = p_erp and line.gone_at is null
      and line.accounting_date >= p_since;
    select reading.unexplained_totals into last_totals from ledger.foreign_read as reading
    where reading.entity_code = p_entity and reading.erp = p_erp
    order by reading.read_id desc limit 1;
    perform ledger.keep_reading(p_entity, p_erp, p_since, p_is_complete,
        jsonb_array_length(p_lines), p_changes);
    is_missing_some := not p_is_complete
        and ledger.unexplained_totals(p_entity) is distinct from last_totals;
    return next;
end $$;

-- Keeps where a reading ended: the newest change, and the third-party documents that were changed
-- within half an hour before it, which the next reading sees again.
create function ledger.keep_reading(p_entity text, p_erp text, p_since date,
    p_is_complete boolean, p_line_count integer, p_changes jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    newest timestamptz;
begin
    select greatest(max(change.changed_at), (
               select reading.newest_change from ledger.foreign_read as reading
               where reading.entity_code = p_entity and reading.erp = p_erp
               order by reading.read_id desc limit 1)) into newest
    from jsonb_to_recordset(p_changes) as change (changed_at timestamptz);
    insert into ledger.foreign_read (entity_code, erp, since, open_from, line_count, is_complete,
        newest_change, overlap, unexplained_totals)
    values (p_entity, p_erp, p_since, coalesce(
        (select min(period_start) from ledger.period
         where entity_code = p_entity and erp_status = 'open'), p_since),
        p_line_count, p_is_complete, newest, coalesce((
            select jsonb_agg(jsonb_build_object('reference', change.reference,
                       'changed_at', change.changed_at) order by change.reference)
            from jsonb_to_recordset(p_changes)
                as change (reference text, key text, changed_at timestamptz)
            where change.changed_at >= newest - interval '30 minutes'
              and not exists (
                select from ledger.entry as entry
                where entry.erp_key = change.key and entry.entity_code = p_entity)), '[]'),
        ledger.unexplained_totals(p_entity));
end $$;

revoke all on function ledger.unexplained_totals(text), ledger.reading_start(text, text),
    ledger.changes_to_read(text, text, jsonb), ledger.keep_reading(text, text, date, boolean,
    integer, jsonb), ledger.store_foreign_lines(text, text, date, jsonb, text[]),
    ledger.record_foreign_lines(text, text, date, jsonb, jsonb),
    ledger.record_foreign_changes(text, text, date, boolean, jsonb, text[], jsonb) from public;
grant execute on function ledger.reading_start(text, text),
    ledger.changes_to_read(text, text, jsonb),
    ledger.record_foreign_lines(text, text, date, jsonb, jsonb),
    ledger.record_foreign_changes(text, text, date, boolean, jsonb, text[], jsonb)
    to :prefix_poster;
