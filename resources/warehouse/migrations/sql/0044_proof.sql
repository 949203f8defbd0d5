-- The audit names the login that authenticated, and documents of an ERP carry heads of the audit.

-- `set session authorization` and `set role` change the actor of a superuser's session, never the
-- login that authenticated. PostgreSQL 16 and later tell it; before that, and where the server asks
-- for no password, it is null. It is in the hash of each row that has it.
alter table ledger.audit add column authenticated text;

create function ledger.authenticated() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    found text;
begin
    if current_setting('server_version_num')::integer >= 160000 then
        execute 'select system_user' into found;
    end if;
    return found;
end $$;

drop function ledger.audit_hash(text, bigint, timestamptz, text, text, bigint, text, text, jsonb);
create function ledger.audit_hash(
    prev_hash text, seq bigint, at timestamptz, actor text, action text, entry_id bigint,
    from_state text, to_state text, detail jsonb, authenticated text
) returns text language sql immutable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws(chr(31), prev_hash, seq::text,
        to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), actor, action,
        coalesce(entry_id::text, ''), coalesce(from_state, ''), coalesce(to_state, ''),
        detail::text, authenticated), 'UTF8')), 'hex')
$$;

create or replace function ledger.chain_audit() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    select newest.seq + 1, newest.hash into new.seq, new.prev_hash
    from (
        select head.seq, head.hash, true as is_head from ledger.audit_head as head
        union all
        (select audit.seq, audit.hash, false from ledger.audit as audit
         order by audit.seq desc limit 1)
    ) as newest
    order by newest.seq desc, newest.is_head desc limit 1;
    new.at := clock_timestamp();
    new.actor := session_user;
    new.authenticated := ledger.authenticated();
    new.hash := ledger.audit_hash(new.prev_hash, new.seq, new.at, new.actor, new.action,
        new.entry_id, new.from_state, new.to_state, new.detail, new.authenticated);
    return new;
end $$;

create or replace function ledger.verify_audit() returns table (seq bigint, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with chain as (
        select row.*, lag(row.seq, 1, 0) over w as prior_seq,
               lag(row.hash, 1, repeat('0', 64)) over w as prior_hash
        from ledger.audit as row window w as (order by row.seq)
    )
    select chain.seq, case
        when chain.seq <> chain.prior_seq + 1 then 'GAP'
        when chain.prev_hash <> chain.prior_hash then 'LINK' else 'HASH' end
    from chain
    where chain.seq <> chain.prior_seq + 1 or chain.prev_hash <> chain.prior_hash
       or chain.hash <> ledger.audit_hash(chain.prev_hash, chain.seq, chain.at, chain.actor,
           chain.action, chain.entry_id, chain.from_state, chain.to_state, chain.detail,
           chain.authenticated)
    union all
    select head.seq, 'HEAD' from ledger.audit_head as head
    left join ledger.audit as last using (seq)
    where (head.seq > 0 and last.hash is distinct from head.hash)
       or exists (select from ledger.audit as later where later.seq > head.seq)
    order by 1
$$;

-- One head of the audit per entity and day (UTC), for the text of the first document whose sending
-- begins on that day. It is fixed before the first byte goes out and never changes, as the document
-- must be the same whenever it is sent again.
create table ledger.document_anchor (
    entry_id bigint primary key references ledger.entry,
    entity_code text not null,
    anchored_on date not null,
    seq bigint not null,
    hash text not null,
    unique (entity_code, anchored_on)
);
create trigger keep before update or delete or truncate on ledger.document_anchor
    for each statement execute function ops.refuse_change();
grant select on ledger.document_anchor to :prefix_transform, :prefix_preparer, :prefix_approver,
    :prefix_poster, :prefix_auditor;

create or replace function ledger.begin_sending(
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
        insert into ledger.document_anchor (entry_id, entity_code, anchored_on, seq, hash)
        select p_entry_id, held.entity_code, (clock_timestamp() at time zone 'UTC')::date,
               head.seq, head.hash
        from ledger.audit_head as head
        on conflict (entity_code, anchored_on) do nothing;
    end if;
    update ledger.entry set state = 'sending', entry_no = number_, state_reason = null
    where entry_id = p_entry_id;
    return query select number_, held.erp_key, held.entity_code, held.accounting_date,
        held.approval_class, held.generation, held.part, held.gross_amount,
        ledger.take_lease(p_entry_id, p_lease, p_quiet);
end $$;
