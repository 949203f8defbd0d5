-- Sending and its outcomes: only the poster calls these.

-- The gate is asked again here, in the transaction that commits before the first byte goes out.
create function ledger.begin_sending(p_entry_id bigint)
returns table (entry_no bigint, erp_key text, entity_code text, accounting_date date,
               approval_class text, generation integer, part integer, gross_amount numeric)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    held ledger.entry;
    next_no bigint;
begin
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if held.state is distinct from 'approved' then
        raise exception 'TIEOUT STATE: entry % is %', p_entry_id, coalesce(held.state, 'unknown');
    end if;
    insert into ledger.entry_number as number (entity_code, last_no) values (held.entity_code, 1)
    on conflict (entity_code) do update set last_no = number.last_no + 1
    returning number.last_no into next_no;
    update ledger.entry set state = 'sending', entry_no = next_no where entry_id = p_entry_id;
    return query select next_no, held.erp_key, held.entity_code, held.accounting_date,
        held.approval_class, held.generation, held.part, held.gross_amount;
end $$;

-- For an entry whose sender died: the same number and key again. Only safe where the ERP
-- refuses a second document of the same key, and after it was asked for the first one.
create function ledger.resume_sending(p_entry_id bigint)
returns table (entry_no bigint, erp_key text, entity_code text, accounting_date date,
               approval_class text, generation integer, part integer, gross_amount numeric)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    return query select entry_no, erp_key, entity_code, accounting_date, approval_class,
        generation, part, gross_amount
    from ledger.entry where entry_id = p_entry_id and state = 'sending' for update;
    if not found then
        raise exception 'TIEOUT STATE: entry % is not being sent', p_entry_id;
    end if;
    perform ledger.write_audit('resume', p_entry_id, 'sending', 'sending', '{}');
end $$;

-- Whether the lines that the ERP gave back are the entry's, one by one.
create function ledger.lines_match(p_entry_id bigint, p_lines jsonb) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select not exists (
        select from (select line_no, account, debit_amount, credit_amount
                     from ledger.entry_line where entry_id = p_entry_id) as ours
        full join jsonb_to_recordset(p_lines)
            as theirs (line_no integer, account text, debit numeric, credit numeric)
            using (line_no)
        where (ours.account, ours.debit_amount, ours.credit_amount)
            is distinct from (theirs.account, theirs.debit, theirs.credit))
$$;
create function ledger.store_document_lines(p_entry_id bigint, p_lines jsonb) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    delete from ledger.erp_document_line where entry_id = p_entry_id;
    insert into ledger.erp_document_line
        (entry_id, line_no, account, debit_amount, credit_amount, description)
    select p_entry_id, line_no, account, debit, credit, description
    from jsonb_to_recordset(p_lines) as theirs
        (line_no integer, account text, debit numeric, credit numeric, description text)
$$;

create function ledger.record_posted(
    p_entry_id bigint, p_document_ref text, p_document_number text, p_lines jsonb,
    p_erp text default 'tryton', p_posted_on date default null
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
    is_equal boolean := ledger.lines_match(p_entry_id, p_lines);
begin
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if held.state is null or held.state not in ('sending', 'unknown') then
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

-- The document as the ERP shows it today; what it showed at posting is in the audit.
create function ledger.record_read_back(
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

create function ledger.record_rejected(p_entry_id bigint, p_reason_code text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    -- An open proposal of the same grain is the difference to this entry as if it stood. It does
    -- not stand: the proposal and its signatures are void, and the next build says it anew.
    create temporary table overtaken on commit drop as
    select open.entry_id from ledger.entry as open
    inner join ledger.entry as sent
        using (entity_code, accounting_date, approval_class, part)
    where sent.entry_id = p_entry_id and open.state = 'proposed';
    update ledger.approval set voided_at = clock_timestamp()
    where voided_at is null and entry_id in (select entry_id from overtaken);
    update ledger.entry set state = 'void' where entry_id in (select entry_id from overtaken);
    drop table overtaken;
    update ledger.entry set state = 'rejected', state_reason = p_reason_code
    where entry_id = p_entry_id;
    if not found then
        raise exception 'TIEOUT NO_ENTRY: there is no entry %', p_entry_id;
    end if;
end $$;
create function ledger.record_unknown(p_entry_id bigint, p_reason_code text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update ledger.entry set state = 'unknown', state_reason = p_reason_code
    where entry_id = p_entry_id;
    if not found then
        raise exception 'TIEOUT NO_ENTRY: there is no entry %', p_entry_id;
    end if;
end $$;

create function ledger.record_erp_balance(p_entity text, p_as_of date, p_balances jsonb)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    recorded integer;
begin
    delete from ledger.erp_balance where entity_code = p_entity;
    insert into ledger.erp_balance (entity_code, account, balance_amount, as_of_date, read_at)
    select p_entity, key, value::numeric, p_as_of, clock_timestamp()
    from jsonb_each_text(p_balances);
    get diagnostics recorded = row_count;
    return recorded;
end $$;
