-- Sending under a lease: who may send until when, and from when on "not found" means "not there".
-- An outcome that nobody knows is read back, waited out, fenced, and only then decided.

create table ledger.sending (
    entry_id bigint primary key references ledger.entry,
    fence bigint not null check (fence >= 1),        -- rises with each attempt; an older one is void
    attempts integer not null check (attempts >= 1),
    holder text not null,
    holder_pid integer not null,
    leased_until timestamptz not null,               -- no first byte after this
    quiet_seconds numeric not null check (quiet_seconds >= 0),
    quiet_until timestamptz not null,                -- no effect in the ERP after this
    not_before timestamptz                           -- the ERP asked to come later
);
alter table ledger.installation
    add column most_attempts integer not null default 12 check (most_attempts >= 1);
insert into ledger.transition values
('sending', 'approved'), ('unknown', 'sending'), ('unknown', 'rejected'),
-- A sender who was late brings a document of an attempt that others had settled meanwhile.
('approved', 'posted'), ('rejected', 'posted');

-- A document that was found beside the one that an entry already has: posted twice, and told.
create table ledger.second_document (
    entry_id bigint not null references ledger.entry,
    erp text not null,
    document_ref text not null,
    found_at timestamptz not null default clock_timestamp(),
    primary key (erp, document_ref)
);

create function ledger.guard_sending() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if new.entry_id <> old.entry_id or new.fence not in (old.fence, old.fence + 1)
       or (new.fence = old.fence and new.leased_until > old.leased_until) then
        raise exception 'TIEOUT IMMUTABLE: a lease is ended, or taken anew behind the next fence';
    end if;
    return new;
end $$;
create trigger guard before update on ledger.sending
    for each row execute function ledger.guard_sending();
create trigger keep before delete or truncate on ledger.sending
    for each statement execute function ops.refuse_change();
create trigger keep before update or delete or truncate on ledger.second_document
    for each statement execute function ops.refuse_change();

create function ledger.take_lease(p_entry_id bigint, p_lease numeric, p_quiet numeric)
returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    ends constant timestamptz := clock_timestamp() + make_interval(secs => p_lease);
    taken bigint;
begin
    if p_lease <= 0 or p_quiet < 0 then
        raise exception 'TIEOUT LEASE: a lease lasts, and quiet is not negative';
    end if;
    insert into ledger.sending as held (entry_id, fence, attempts, holder, holder_pid,
        leased_until, quiet_seconds, quiet_until)
    values (p_entry_id, 1, 1, session_user, pg_backend_pid(), ends, p_quiet,
        ends + make_interval(secs => p_quiet))
    on conflict (entry_id) do update set
        fence = held.fence + 1, attempts = held.attempts + 1, holder = excluded.holder,
        holder_pid = excluded.holder_pid, leased_until = excluded.leased_until, quiet_seconds = excluded.quiet_seconds,
        quiet_until = excluded.quiet_until, not_before = null
    returning fence into taken;
    return taken;
end $$;

-- The attempt is over, as far as its sender knows: quiet begins now.
create function ledger.end_lease(p_entry_id bigint, p_fence bigint) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform from ledger.entry where entry_id = p_entry_id for update;
    if p_fence is not null and not exists (
        select from ledger.sending where entry_id = p_entry_id and fence = p_fence) then
        raise exception 'TIEOUT FENCED: somebody else took entry % up since', p_entry_id;
    end if;
    update ledger.sending set
        leased_until = least(leased_until, clock_timestamp()),
        quiet_until = clock_timestamp() + make_interval(secs => quiet_seconds)
    where entry_id = p_entry_id;
end $$;

-- Whether no attempt of the past can take effect any more: asked before reading back.
create function ledger.is_quiet(p_entry_id bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce((select quiet_until < clock_timestamp() from ledger.sending
                     where entry_id = p_entry_id), true)
$$;

-- Whether the sender of an entry is gone, or so late that it may not send any more.
create function ledger.is_left(p_entry_id bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select not exists (
        select from ledger.sending as lease
        join pg_stat_activity as session on session.pid = lease.holder_pid
        where lease.entry_id = p_entry_id and lease.leased_until > clock_timestamp()
          and session.pid <> pg_backend_pid())
$$;

drop function ledger.begin_sending(bigint);
create function ledger.begin_sending(
    p_entry_id bigint, p_lease numeric default 600, p_quiet numeric default 600
)
returns table (entry_no bigint, erp_key text, entity_code text, accounting_date date,
               approval_class text, generation integer, part integer, gross_amount numeric,
               fence bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    held ledger.entry;
    number_ bigint;
begin
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if held.state is distinct from 'approved' then
        raise exception 'TIEOUT STATE: entry % is %', p_entry_id, coalesce(held.state, 'unknown');
    end if;
    number_ := held.entry_no;
    if number_ is null then
        insert into ledger.entry_number as number (entity_code, last_no)
        values (held.entity_code, 1)
        on conflict (entity_code) do update set last_no = number.last_no + 1
        returning number.last_no into number_;
    end if;
    update ledger.entry set state = 'sending', entry_no = number_, state_reason = null
    where entry_id = p_entry_id;
    return query select number_, held.erp_key, held.entity_code, held.accounting_date,
        held.approval_class, held.generation, held.part, held.gross_amount,
        ledger.take_lease(p_entry_id, p_lease, p_quiet);
end $$;

-- Why an entry that was sent once may not be sent once more.
create function ledger.check_resend(held ledger.entry) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    if not ledger.has_open_period(held.entity_code, held.accounting_date) then
        raise exception 'TIEOUT HELD: entry % is held: PERIOD', held.entry_id;
    elsif exists (select from ops.certificate where build_id = held.build_id
                  and (voided_at is not null or not passes)) then
        raise exception 'TIEOUT HELD: entry % is held: CERTIFICATE', held.entry_id;
    elsif exists (select from ledger.sending cross join ledger.installation
                  where entry_id = held.entry_id and attempts >= most_attempts) then
        raise exception 'TIEOUT POISON: entry % was tried often enough', held.entry_id;
    end if;
end $$;

-- The next attempt of an entry whose last one ended in nobody's knowledge: the same number and
-- key behind a new fence. Where the ERP itself refuses a second document of one key, the last
-- sender has to be gone; elsewhere nothing that it sent may take effect any more. Read back first.
drop function ledger.resume_sending(bigint);
create function ledger.resume_sending(
    p_entry_id bigint, p_lease numeric default 600, p_quiet numeric default 600,
    p_is_unique boolean default false
)
returns table (entry_no bigint, erp_key text, entity_code text, accounting_date date,
               approval_class text, generation integer, part integer, gross_amount numeric,
               fence bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    held ledger.entry;
begin
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if held.state is null or held.state not in ('sending', 'unknown') then
        raise exception 'TIEOUT STATE: entry % is not being sent', p_entry_id;
    elsif not ledger.is_quiet(p_entry_id)
        and not (p_is_unique and ledger.is_left(p_entry_id)) then
        raise exception 'TIEOUT LEASED: entry % may still be under way', p_entry_id;
    end if;
    perform ledger.check_resend(held);
    if held.state = 'unknown' then
        update ledger.entry set state = 'sending', state_reason = null
        where entry_id = p_entry_id;
    end if;
    perform ledger.write_audit('resume', p_entry_id, held.state, 'sending', '{}');
    return query select held.entry_no, held.erp_key, held.entity_code, held.accounting_date,
        held.approval_class, held.generation, held.part, held.gross_amount,
        ledger.take_lease(p_entry_id, p_lease, p_quiet);
end $$;

-- The ERP took nothing: the entry goes back to the approved ones, later; too often, it is parked.
create function ledger.record_busy(
    p_entry_id bigint, p_reason_code text, p_wait_seconds numeric default null,
    p_fence bigint default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    tried integer;
begin
    perform ledger.end_lease(p_entry_id, p_fence);
    select attempts into tried from ledger.sending where entry_id = p_entry_id;
    if tried >= (select most_attempts from ledger.installation) then
        perform ledger.record_rejected(p_entry_id, 'POISON');
        return;
    end if;
    update ledger.sending set not_before = clock_timestamp() + make_interval(
        secs => least(greatest(coalesce(p_wait_seconds, 0), 0.1 * power(2, tried)), 3600))
    where entry_id = p_entry_id;
    update ledger.entry set state = 'approved', state_reason = p_reason_code
    where entry_id = p_entry_id;
    if not found then
        raise exception 'TIEOUT NO_ENTRY: there is no entry %', p_entry_id;
    end if;
end $$;

drop function ledger.record_rejected(bigint, text);
create function ledger.record_rejected(
    p_entry_id bigint, p_reason_code text, p_fence bigint default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.end_lease(p_entry_id, p_fence);
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

drop function ledger.record_unknown(bigint, text);
create function ledger.record_unknown(
    p_entry_id bigint, p_reason_code text, p_fence bigint default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.end_lease(p_entry_id, p_fence);
    update ledger.entry set state = 'unknown', state_reason = p_reason_code
    where entry_id = p_entry_id;
    if not found then
        raise exception 'TIEOUT NO_ENTRY: there is no entry %', p_entry_id;
    end if;
end $$;

-- An entry whose sender is gone or late: nobody knows what he did. Says whether that is so.
create function ledger.doubt(p_entry_id bigint, p_reason_code text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from ledger.entry where entry_id = p_entry_id and state = 'sending' for update;
    if not found or not ledger.is_left(p_entry_id) then
        return false;
    end if;
    perform ledger.record_unknown(p_entry_id, p_reason_code);
    return true;
end $$;

-- Read back, quiet, and nothing there, but it may not be sent again: it counts as rejected.
create function ledger.give_up(p_entry_id bigint, p_reason_code text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from ledger.entry where entry_id = p_entry_id for update;
    if not ledger.is_quiet(p_entry_id) then
        raise exception 'TIEOUT LEASED: entry % may still be under way', p_entry_id;
    end if;
    perform ledger.record_rejected(p_entry_id, p_reason_code);
end $$;

-- Several may find one document; a different one beside it is told, not hidden.
create or replace function ledger.record_posted(
    p_entry_id bigint, p_document_ref text, p_document_number text, p_lines jsonb,
    p_erp text default 'tryton', p_posted_on date default null
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
    known ledger.erp_document;
    is_equal boolean := ledger.lines_match(p_entry_id, p_lines);
begin
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    select * into known from ledger.erp_document where entry_id = p_entry_id;
    if held.state = 'posted' and (known.erp, known.document_ref) = (p_erp, p_document_ref) then
        return known.matches;
    elsif held.state in ('posted', 'void') then
        insert into ledger.second_document (entry_id, erp, document_ref)
        values (p_entry_id, p_erp, p_document_ref) on conflict do nothing;
        perform ledger.write_audit('second document', p_entry_id, held.state, held.state,
            jsonb_build_object('document_ref', p_document_ref));
        return false;
    elsif held.entry_no is null then   -- it was never sent
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

-- As before; an entry that was sent and is unknown is not held by that when it is taken up.
create or replace function ledger.guard_step(old ledger.entry, new ledger.entry) returns void
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
        from ledger.hold
        where entry_id = old.entry_id and not (old.state = 'unknown' and code = 'PARKED');
        if reasons is not null then
            raise exception 'TIEOUT HELD: entry % is held: %', old.entry_id, reasons;
        elsif old.state = 'unknown' then
            perform ledger.check_resend(old);
        elsif new.entry_no is null then
            raise exception 'TIEOUT UNNUMBERED: entry % has no number', old.entry_id;
        end if;
    elsif new.state = 'posted' and new.entry_no is null then
        raise exception 'TIEOUT STATE: entry % was never sent', old.entry_id;
    elsif new.state = 'posted' then
        perform from ledger.erp_document where entry_id = old.entry_id;
        if not found then
            raise exception 'TIEOUT NO_DOCUMENT: entry % has no ERP document', old.entry_id;
        end if;
    end if;
end $$;

do $$
declare
    body text := pg_get_viewdef('ledger.hold'::regclass);
begin
    execute 'create or replace view ledger.hold as ' || rtrim(body, ';') || $view$
    union all
    select entry.entry_id, 'WAIT', 'the ERP took nothing of it and is asked again later'
    from ledger.entry as entry join ledger.sending as lease using (entry_id)
    where entry.state = 'approved' and lease.not_before > clock_timestamp()$view$;
end $$;

revoke all on function ledger.begin_sending(bigint, numeric, numeric),
    ledger.resume_sending(bigint, numeric, numeric, boolean), ledger.is_quiet(bigint),
    ledger.is_left(bigint), ledger.take_lease(bigint, numeric, numeric), ledger.end_lease(bigint, bigint),
    ledger.record_busy(bigint, text, numeric, bigint),
    ledger.record_rejected(bigint, text, bigint), ledger.record_unknown(bigint, text, bigint),
    ledger.give_up(bigint, text), ledger.doubt(bigint, text), ledger.check_resend(ledger.entry) from public;
grant select on ledger.sending, ledger.second_document to :prefix_transform, :prefix_preparer,
    :prefix_approver, :prefix_poster, :prefix_auditor;
grant execute on function ledger.begin_sending(bigint, numeric, numeric),
    ledger.resume_sending(bigint, numeric, numeric, boolean), ledger.is_quiet(bigint),
    ledger.is_left(bigint), ledger.record_busy(bigint, text, numeric, bigint),
    ledger.record_rejected(bigint, text, bigint), ledger.record_unknown(bigint, text, bigint),
    ledger.give_up(bigint, text), ledger.doubt(bigint, text)
    to :prefix_poster;
