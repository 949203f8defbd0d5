-- What nobody may do, not even the owner of the tables: every rule here is a trigger or a check.
-- A superuser can switch triggers off; verify_chain and verify_entries find what that changed.

-- One text per line and per event: content is hashed the same way before and after it is stored.
create function ledger.event_text(
    line_no integer, line_id text, event_id text, event text, rule text, rule_version text,
    account text, signed_amount numeric, entity_code text, facility_code text, payer_class text,
    claim_key text, account_key text, control_key text, original_date date, evidence_hash text,
    file_id uuid, segment integer
) returns text language sql immutable parallel safe as $$
    select concat_ws(chr(31), line_no::text, line_id, event_id, event, rule, rule_version, account,
        signed_amount::text, entity_code, coalesce(facility_code, chr(30)),
        coalesce(payer_class, chr(30)), coalesce(claim_key, chr(30)),
        coalesce(account_key, chr(30)), coalesce(control_key, chr(30)), original_date::text,
        evidence_hash, coalesce(file_id::text, chr(30)), coalesce(segment::text, chr(30)))
$$;
create function ledger.line_text(
    line_no integer, rule text, account text, facility_code text, payer_class text,
    original_period date, debit_amount numeric, credit_amount numeric, correction_class text
) returns text language sql immutable parallel safe as $$
    select concat_ws(chr(31), line_no::text, rule, account, coalesce(facility_code, chr(30)),
        coalesce(payer_class, chr(30)), original_period::text, debit_amount::text,
        credit_amount::text, coalesce(correction_class, chr(30)))
$$;
create function ledger.entry_hash(
    entity_code text, accounting_date date, approval_class text, part integer,
    lines text, events text
) returns text language sql immutable parallel safe as $$
    select encode(sha256(convert_to(concat_ws(chr(29), entity_code, accounting_date::text,
        approval_class, part::text, lines, events), 'UTF8')), 'hex')
$$;
create function ledger.content_hash_of(p_entry_id bigint) returns text
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

-- What is wrong with a stored entry; null when nothing is.
create function ledger.entry_problem(p_entry_id bigint) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
    line_total record;
begin
    select * into held from ledger.entry where entry_id = p_entry_id;
    select count(*) as lines, sum(debit_amount) as debits, sum(credit_amount) as credits
    into line_total from ledger.entry_line where entry_id = p_entry_id;
    if line_total.debits is distinct from line_total.credits then
        return 'UNBALANCED';
    elsif line_total.lines <> held.line_count or line_total.debits <> held.gross_amount then
        return 'TOTALS';
    elsif exists (
        select from (
            select line_no, rule, account, facility_code, payer_class, original_period,
                   debit_amount - credit_amount as amount
            from ledger.entry_line where entry_id = p_entry_id
        ) as line full join (
            select line_no, rule, account, facility_code, payer_class, entity_code,
                   date_trunc('month', original_date)::date as original_period,
                   sum(signed_amount) as amount
            from ledger.entry_event where entry_id = p_entry_id
            group by line_no, rule, account, facility_code, payer_class, entity_code, 7
        ) as events using (line_no)
        where (line.rule, line.account, line.facility_code, line.payer_class,
               line.original_period, line.amount, held.entity_code)
            is distinct from (events.rule, events.account, events.facility_code,
               events.payer_class, events.original_period, events.amount, events.entity_code)
    ) then
        return 'EVIDENCE';
    elsif ledger.content_hash_of(p_entry_id) is distinct from held.content_hash then
        return 'CONTENT';
    end if;
    return null;
end $$;

-- It runs at the commit, when the caller's own rights apply again: hence security definer.
create function ledger.check_entry() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    problem text := ledger.entry_problem(new.entry_id);
begin
    if problem is not null then
        raise exception 'TIEOUT %: entry % is refused', problem, new.entry_id;
    end if;
    return null;
end $$;
create constraint trigger whole after insert on ledger.entry
    deferrable initially deferred for each row execute function ledger.check_entry();

-- Who signs: the policy login by policy, a direct member of the approvers as a person.
create function ledger.basis_of(p_login name) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select case
        when p_login = ':prefix_policy' then 'policy'
        when p_login = ':prefix_approver' or exists (
            select from pg_auth_members as membership
            join pg_roles as grp on grp.oid = membership.roleid
            join pg_roles as login on login.oid = membership.member
            where grp.rolname = ':prefix_approver' and login.rolname = p_login) then 'person'
    end
$$;
create function ledger.guard_approval() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
begin
    if tg_op = 'UPDATE' then
        if old.voided_at is not null or new.voided_at is null
           or (to_jsonb(new) - 'voided_at') <> (to_jsonb(old) - 'voided_at') then
            raise exception 'TIEOUT IMMUTABLE: a signature is voided once and never changed';
        end if;
        return new;
    end if;
    select * into held from ledger.entry where entry_id = new.entry_id for update;
    new.approver := session_user;
    new.basis := ledger.basis_of(session_user);
    new.approved_at := clock_timestamp();
    new.voided_at := null;
    if new.basis is null then
        raise exception 'TIEOUT NOT_AN_APPROVER: % may not approve', session_user;
    elsif held.proposed_by = session_user then
        raise exception 'TIEOUT SELF_APPROVAL: who made an entry does not approve it';
    elsif held.state <> 'proposed' then
        raise exception 'TIEOUT STATE: entry % is %', held.entry_id, held.state;
    elsif new.content_hash <> held.content_hash
        or ledger.entry_problem(held.entry_id) is not null then
        raise exception 'TIEOUT CONTENT: entry % is not what was seen', held.entry_id;
    end if;
    return new;
end $$;
create trigger guard before insert or update on ledger.approval
    for each row execute function ledger.guard_approval();

-- How many signatures of the right kind still stand on what the entry says today.
create function ledger.signatures(p_entry_id bigint) returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
    select count(*) from ledger.approval as signature
    join ledger.entry as entry using (entry_id)
    join ledger.approval_class as class using (approval_class)
    where signature.entry_id = p_entry_id and signature.voided_at is null
      and signature.content_hash = entry.content_hash
      and (signature.basis = 'person' or class.basis = 'policy')
      and signature.approver <> entry.proposed_by
$$;

create function ledger.guard_entry() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    may_change text[] := array['state', 'state_reason', 'build_id', 'entry_no'];
begin
    if tg_op = 'INSERT' then
        if new.state <> 'proposed' or new.entry_no is not null then
            raise exception 'TIEOUT STATE: an entry begins as a proposal';
        end if;
        new.proposed_by := session_user;
        new.proposed_at := clock_timestamp();
        new.made_by_xid := pg_current_xact_id();
        return new;
    end if;
    if (to_jsonb(new) - may_change) <> (to_jsonb(old) - may_change) then
        raise exception 'TIEOUT IMMUTABLE: what entry % says never changes', old.entry_id;
    elsif new.build_id <> old.build_id
        and not (old.state = new.state and old.state in ('proposed', 'approved', 'rejected')) then
        raise exception 'TIEOUT IMMUTABLE: entry % has been sent', old.entry_id;
    elsif new.build_id <> old.build_id and (
        select newer.started_at < older.started_at from ops.build as newer, ops.build as older
        where newer.build_id = new.build_id and older.build_id = old.build_id) then
        raise exception 'TIEOUT IMMUTABLE: entry % stands on a newer build', old.entry_id;
    elsif new.entry_no is distinct from old.entry_no
        and not (old.state = 'approved' and new.state = 'sending' and old.entry_no is null) then
        raise exception 'TIEOUT IMMUTABLE: the number of entry % never changes', old.entry_id;
    elsif new.state <> old.state then
        perform ledger.guard_step(old, new);
    end if;
    return new;
end $$;

-- One step of the state machine, with what it demands.
create function ledger.guard_step(old ledger.entry, new ledger.entry) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    needed integer;
    reasons text;
begin
    perform from ledger.transition where from_state = old.state and to_state = new.state;
    if not found then
        raise exception 'TIEOUT STATE: entry % does not go from % to %',
            old.entry_id, old.state, new.state;
    end if;
    if new.state = 'approved' then
        select signatures into needed from ledger.approval_class
        where approval_class = old.approval_class;
        if needed is null or ledger.signatures(old.entry_id) < needed then
            raise exception 'TIEOUT UNSIGNED: entry % lacks a signature', old.entry_id;
        end if;
    elsif new.state = 'sending' then
        perform from ledger.period
        where entity_code = old.entity_code
          and old.accounting_date between period_start and period_end
        for share;
        select string_agg(distinct code, ' ') into reasons
        from ledger.hold where entry_id = old.entry_id;
        if reasons is not null then
            raise exception 'TIEOUT HELD: entry % is held: %', old.entry_id, reasons;
        elsif new.entry_no is null then
            raise exception 'TIEOUT UNNUMBERED: entry % has no number', old.entry_id;
        end if;
    elsif new.state = 'posted' then
        perform from ledger.erp_document where entry_id = old.entry_id;
        if not found then
            raise exception 'TIEOUT NO_DOCUMENT: entry % has no ERP document', old.entry_id;
        end if;
    end if;
end $$;
create trigger guard before insert or update on ledger.entry
    for each row execute function ledger.guard_entry();

-- Numbers have no gap: each is one more than the entity's last one.
create function ledger.guard_number() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if (tg_op = 'INSERT' and new.last_no <> 1)
       or (tg_op = 'UPDATE' and (new.last_no <> old.last_no + 1
                                 or new.entity_code <> old.entity_code)) then
        raise exception 'TIEOUT NUMBER: entry numbers rise by one';
    end if;
    return new;
end $$;
create trigger guard before insert or update on ledger.entry_number
    for each row execute function ledger.guard_number();

-- Lines and events come with their entry, in its own transaction, or never.
create function ledger.guard_content() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if exists (
        select from (select distinct entry_id from added) as touched
        left join ledger.entry as entry using (entry_id)
        where entry.made_by_xid is distinct from pg_current_xact_id()
    ) then
        raise exception 'TIEOUT IMMUTABLE: a recorded entry gets no further %', tg_table_name;
    end if;
    return null;
end $$;
create trigger guard after insert on ledger.entry_line referencing new table as added
    for each statement execute function ledger.guard_content();
create trigger guard after insert on ledger.entry_event referencing new table as added
    for each statement execute function ledger.guard_content();

-- A document may be read again, never exchanged.
create function ledger.guard_document() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if (new.entry_id, new.erp, new.document_ref) <> (old.entry_id, old.erp, old.document_ref) then
        raise exception 'TIEOUT IMMUTABLE: an entry keeps its document';
    end if;
    return new;
end $$;
create trigger guard before update on ledger.erp_document
    for each row execute function ledger.guard_document();

do $$
declare
    name text;
begin
    foreach name in array array['entry_line', 'entry_event', 'audit', 'cutoff', 'refusal',
        'transition'] loop
        execute format('create trigger keep before update or delete or truncate on ledger.%I '
            'for each statement execute function ops.refuse_change()', name);
    end loop;
    foreach name in array array['entry', 'approval', 'erp_document', 'entry_number', 'period',
        'audit_head', 'installation'] loop
        execute format('create trigger keep before delete or truncate on ledger.%I '
            'for each statement execute function ops.refuse_change()', name);
    end loop;
end $$;
