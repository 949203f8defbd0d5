-- Proposing a day costs what the day costs: lines are compared only where they differ.
--
-- Lines fall into small buckets: entity, original date and one of 16 slots of their event; slot ''
-- is the whole day. Each side has a digest per bucket: the sum over its lines of amount times a
-- number that is drawn from the line's key by a hash with this installation's salt. It is linear:
-- a line told in three parts, or recorded and taken back, counts with its sum, as in the
-- comparison itself, and a day's digest is the sum of its slots'.
-- Two sides that differ in any line have equal digests by a chance of 2^-64 in each half, 2^-128
-- in both. Of the demanded side dbt makes the digests, where it makes the table anyway.

create function ledger.line_mark(
    salt uuid, event_id text, rule text, account text, entity_code text, facility_code text,
    payer_class text, claim_key text, account_key text, control_key text, original_date date
) returns text language sql immutable parallel safe as $$
    select md5(salt::text || chr(31) || coalesce(event_id, '') || chr(31) || coalesce(rule, '')
        || chr(31) || coalesce(account, '') || chr(31) || coalesce(entity_code, '')
        || chr(31) || coalesce(facility_code, '') || chr(31) || coalesce(payer_class, '')
        || chr(31) || coalesce(claim_key, '') || chr(31) || coalesce(account_key, '')
        || chr(31) || coalesce(control_key, '')
        || chr(31) || (original_date - date '2000-01-01')::text)
$$;
create function ledger.high_half(mark text) returns numeric
language sql immutable parallel safe as $$
    select ('x' || substr(mark, 1, 16))::bit(64)::bigint::numeric
$$;
create function ledger.low_half(mark text) returns numeric
language sql immutable parallel safe as $$
    select ('x' || substr(mark, 17, 16))::bit(64)::bigint::numeric
$$;

-- Which demanded lines there are, without looking at them: dbt writes a new file each time.
create function ledger.demanded_state() returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select fact::text || ':' || pg_relation_filenode(fact)
    from (select to_regclass('marts.fct_ledger_line')::oid as fact) as asked
$$;
-- On the demanded lines: whoever changes them in place leaves them without a digest.
create function ledger.forget_digest() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    delete from marts.fct_ledger_digest;
    return null;
end $$;

-- Derived, and proven by verify_recorded; the events of recorded entries stay the truth.
create table ledger.recorded_digest (
    entity_code text not null,
    original_date date not null,
    slot text not null,
    digest_high numeric(48, 2) not null,
    digest_low numeric(48, 2) not null,
    primary key (entity_code, original_date, slot)
);

create function ledger.is_recorded(state text) returns boolean
language sql immutable parallel safe as $$
    select state in ('approved', 'sending', 'unknown', 'posted')
$$;

-- What the evidence of recorded entries comes to, bucket by bucket: of one entry, or of all.
create function ledger.recorded_sums(p_entry_id bigint default null)
returns table (entity_code text, original_date date, slot text, digest_high numeric,
               digest_low numeric)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    salt constant uuid := (select installation_id from ledger.installation);
begin
    return query
    select marked.entity_code, marked.original_date, coalesce(marked.slot, ''),
           sum(ledger.high_half(marked.mark) * marked.signed_amount),
           sum(ledger.low_half(marked.mark) * marked.signed_amount)
    from (
        select line.entity_code, line.original_date, left(md5(line.event_id), 1) as slot,
               line.signed_amount,
               ledger.line_mark(salt, line.event_id, line.rule, line.account, line.entity_code,
                   line.facility_code, line.payer_class, line.claim_key, line.account_key,
                   line.control_key, line.original_date) as mark
        from ledger.entry_event as line join ledger.entry as entry using (entry_id)
        where case when p_entry_id is null then ledger.is_recorded(entry.state)
              else line.entry_id = p_entry_id end
        offset 0   -- one mark per line, not one per half
    ) as marked
    group by grouping sets ((marked.entity_code, marked.original_date, marked.slot),
                            (marked.entity_code, marked.original_date))
    order by 1, 2, 3;
end $$;

-- An entry becomes recorded, or is not recorded any more. This trigger's name comes after that of
-- the audit, whose head is locked until the commit: so nobody meets anybody in opposite order.
create function ledger.keep_recorded() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    sign constant integer := case when ledger.is_recorded(new.state) then 1 else -1 end;
begin
    insert into ledger.recorded_digest as held
        (entity_code, original_date, slot, digest_high, digest_low)
    select entity_code, original_date, slot, sign * digest_high, sign * digest_low
    from ledger.recorded_sums(new.entry_id)
    on conflict (entity_code, original_date, slot) do update set
        digest_high = held.digest_high + excluded.digest_high,
        digest_low = held.digest_low + excluded.digest_low;
    return null;
end $$;
create trigger record after update of state on ledger.entry for each row
    when (ledger.is_recorded(old.state) <> ledger.is_recorded(new.state))
    execute function ledger.keep_recorded();

create function ledger.guard_digest() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if pg_trigger_depth() < 2 then
        raise exception 'TIEOUT IMMUTABLE: digests move with the entries alone';
    end if;
    return new;
end $$;
create trigger guard before insert or update on ledger.recorded_digest
    for each row execute function ledger.guard_digest();
create trigger keep before delete or truncate on ledger.recorded_digest
    for each statement execute function ops.refuse_change();

-- Buckets whose digest is not the sum over the evidence of recorded entries: none, normally.
create function ledger.verify_recorded()
returns table (entity_code text, original_date date, slot text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select entity_code, original_date, slot
    from ledger.recorded_digest as held
    full join ledger.recorded_sums() as proof using (entity_code, original_date, slot)
    where (coalesce(held.digest_high, 0), coalesce(held.digest_low, 0))
       <> (coalesce(proof.digest_high, 0), coalesce(proof.digest_low, 0))
    order by 1, 2, 3
$$;

-- For the owner: digests anew from the evidence, after a restore or a repair. Says how many
-- buckets were wrong; the audit tells it.
create function ledger.rebuild_recorded() returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    wrong bigint;
begin
    lock table ledger.entry in share row exclusive mode;
    select count(*) into wrong from ledger.verify_recorded();
    if wrong > 0 then
        alter table ledger.recorded_digest disable trigger user;
        truncate ledger.recorded_digest;
        insert into ledger.recorded_digest select * from ledger.recorded_sums();
        alter table ledger.recorded_digest enable trigger user;
        perform ledger.write_audit('rebuild digests', null, null, null,
            jsonb_build_object('wrong', wrong));
    end if;
    return wrong;
end $$;
select ledger.rebuild_recorded();

create index on ledger.entry_event (entity_code, original_date, (left(md5(event_id), 1)));
create index on ledger.entry (entity_code, proposed_at);      -- the last 24 hours of a maker
create index on ledger.erp_document (read_at);                -- what is to be read again first

-- Where demanded and recorded differ; false when the demanded side has no digest of just these
-- lines: then everything is compared. dbt cannot exchange the lines before the commit.
create function ledger.draft_buckets() returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    lock table marts.fct_ledger_line in access share mode;
    if to_regclass('marts.fct_ledger_digest') is null then
        return false;
    elsif (select fact_state from marts.fct_ledger_digest limit 1)
        is distinct from ledger.demanded_state() then
        return false;
    end if;
    create temporary table draft_bucket on commit drop as
    with day as materialized (
        select entity_code, original_date
        from (select * from marts.fct_ledger_digest where slot = '') as demanded
        full join (select * from ledger.recorded_digest where slot = '') as recorded
            using (entity_code, original_date)
        where (coalesce(demanded.digest_high, 0), coalesce(demanded.digest_low, 0))
           <> (coalesce(recorded.digest_high, 0), coalesce(recorded.digest_low, 0))
    )
    select entity_code, original_date, slot
    from (select digest.* from marts.fct_ledger_digest as digest
          join day using (entity_code, original_date) where slot <> '') as demanded
    full join (select digest.* from ledger.recorded_digest as digest
               join day using (entity_code, original_date) where slot <> '') as recorded
        using (entity_code, original_date, slot)
    where (coalesce(demanded.digest_high, 0), coalesce(demanded.digest_low, 0))
       <> (coalesce(recorded.digest_high, 0), coalesce(recorded.digest_low, 0));
    analyze draft_bucket;
    return true;
end $$;

-- What differs, event by event and account by account. `line_key` is what makes two lines the
-- same: event, rule, account, dimensions and original date; neither the file nor the rule version.
drop function ledger.draft_differences();
create function ledger.draft_differences(p_is_full boolean) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    -- A text, so that what is looked at is planned as a look-up: one statement, two scopes.
    scope constant text := case when p_is_full then 'true' else
        '(line.entity_code, line.original_date, left(md5(line.event_id), 1))'
        ' in (select entity_code, original_date, slot from pg_temp.draft_bucket)' end;
begin
    execute format($query$
    create temporary table draft_difference on commit drop as
    with desired as (
        select concat_ws(chr(31), event_id, rule, account, entity_code,
                   coalesce(facility_code, ''), coalesce(payer_class, ''),
                   coalesce(claim_key, ''), coalesce(account_key, ''),
                   coalesce(control_key, ''), original_date) as line_key,
               sum(signed_amount) as amount, min(line_id) as line_id, event_id,
               min(event) as event, rule, min(rule_version) as rule_version, account, entity_code,
               facility_code, payer_class, claim_key, account_key, control_key, original_date,
               min(approval_class) as approval_class, min(evidence_hash) as evidence_hash,
               min(file_id::text)::uuid as file_id, min(segment) as segment,
               min(known_at) as known_at
        from marts.fct_ledger_line as line
        where reaches_erp and %1$s
        group by line_key, event_id, rule, account, entity_code, facility_code, payer_class,
                 claim_key, account_key, control_key, original_date
    ),
    recorded as (
        select concat_ws(chr(31), line.event_id, line.rule, line.account, line.entity_code,
                   coalesce(line.facility_code, ''), coalesce(line.payer_class, ''),
                   coalesce(line.claim_key, ''), coalesce(line.account_key, ''),
                   coalesce(line.control_key, ''), line.original_date) as line_key,
               sum(line.signed_amount) as amount, max(line.entry_id) as entry_id
        from ledger.entry_event as line join ledger.entry as entry using (entry_id)
        where entry.state in ('approved', 'sending', 'unknown', 'posted') and %1$s
        group by line_key
    ),
    changed as (
        select line_key, coalesce(desired.amount, 0) - coalesce(recorded.amount, 0) as amount,
               recorded.entry_id, desired.line_id as desired_line_id
        from desired full join recorded using (line_key)
        where coalesce(desired.amount, 0) <> coalesce(recorded.amount, 0)
    )
    select changed.amount::numeric(14, 2) as signed_amount, line.line_id, line.event_id,
           line.event, line.rule, line.rule_version, line.account, line.entity_code,
           line.facility_code, line.payer_class, line.claim_key, line.account_key,
           line.control_key, line.original_date, line.approval_class as desired_class,
           null::text as recorded_class, line.evidence_hash, line.file_id, line.segment,
           line.known_at
    from changed join desired as line using (line_key)
    union all
    select changed.amount::numeric(14, 2), line.line_id, line.event_id, line.event, line.rule,
           line.rule_version, line.account, line.entity_code, line.facility_code,
           line.payer_class, line.claim_key, line.account_key, line.control_key,
           line.original_date, null, line.approval_class, line.evidence_hash, line.file_id,
           line.segment, line.known_at
    from changed cross join lateral (
        select event.*, entry.approval_class
        from ledger.entry_event as event join ledger.entry as entry using (entry_id)
        where event.entry_id = changed.entry_id
          and concat_ws(chr(31), event.event_id, event.rule, event.account, event.entity_code,
                  coalesce(event.facility_code, ''), coalesce(event.payer_class, ''),
                  coalesce(event.claim_key, ''), coalesce(event.account_key, ''),
                  coalesce(event.control_key, ''), event.original_date) = changed.line_key
          and event.event_id = split_part(changed.line_key, chr(31), 1)
        order by event.line_no limit 1
    ) as line
    where changed.desired_line_id is null
    $query$, scope);
    analyze draft_difference;
end $$;


-- A table that grew by much has other statistics: the check at the commit and the approval would
-- scan without. A day on top of years changes nothing, and a sample of all would cost more than it.
create function ledger.refresh_statistics() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    grown record;
begin
    for grown in
        select name from (values
            ('entry', (select count(*) from new_entry)),
            ('entry_line', (select count(*) from draft_line)),
            ('entry_event', (select count(*) from draft_line_event))) as added (name, rows)
        join pg_class as held on held.oid = ('ledger.' || name)::regclass
        where added.rows > 0.1 * greatest(held.reltuples, 0)
    loop
        execute format('analyze ledger.%I', grown.name);
    end loop;
end $$;
do $do$
declare
    body text := pg_get_functiondef('ledger.store_drafts(text)'::regprocedure);
    cut text := $cut$        analyze ledger.entry;
        analyze ledger.entry_line;
        analyze ledger.entry_event;
$cut$;
begin
    if position(cut in body) = 0 then
        raise exception 'store_drafts is not the one that this version changes';
    end if;
    execute replace(body, cut, $put$        perform ledger.refresh_statistics();
$put$);
end $do$;

-- As before, but where the digests say which buckets differ, only those are compared.
create or replace function ledger.propose(p_build_id text)
returns table (proposed integer, voided integer, unchanged integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    as_of date;
    name text;
begin
    perform pg_advisory_xact_lock(7103002);
    select as_of_date into as_of from ops.build where build_id = p_build_id;
    if not found then
        raise exception 'TIEOUT NO_BUILD: this build was never opened';
    end if;
    -- Nobody's step may fall between the comparison and what is stored from it; and whoever locks
    -- entries first and writes the audit last meets nobody in the opposite order.
    perform from ledger.entry
    where state in ('proposed', 'approved', 'sending', 'unknown', 'rejected')
    order by entry_id for update;
    foreach name in array array['draft_bucket', 'draft_difference', 'draft_event', 'draft_line_event',
        'draft_line', 'draft_entry', 'new_entry', 'gone'] loop
        execute format('drop table if exists pg_temp.%I', name);
    end loop;
    perform ledger.draft_differences(p_is_full => not ledger.draft_buckets());
    perform ledger.draft_events(as_of);
    perform ledger.draft_parts();
    perform ledger.draft_entries();
    select voided_count, unchanged_count into voided, unchanged
    from ledger.void_and_stamp(p_build_id);
    proposed := ledger.store_drafts(p_build_id);
    return next;
end $$;

revoke all on function ledger.line_mark(uuid, text, text, text, text, text, text, text, text, text,
    date), ledger.high_half(text), ledger.low_half(text), ledger.demanded_state(),
    ledger.forget_digest(), ledger.is_recorded(text), ledger.recorded_sums(bigint), ledger.keep_recorded(),
    ledger.guard_digest(), ledger.verify_recorded(), ledger.rebuild_recorded(),
    ledger.draft_buckets(), ledger.draft_differences(boolean), ledger.refresh_statistics()
    from public;
grant select on ledger.recorded_digest to :prefix_transform, :prefix_preparer, :prefix_approver,
    :prefix_poster, :prefix_auditor;
grant execute on function ledger.verify_recorded()
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
grant execute on function ledger.line_mark(uuid, text, text, text, text, text, text, text, text,
    text, date), ledger.high_half(text), ledger.low_half(text), ledger.demanded_state(),
    ledger.forget_digest()
    to :prefix_transform;
