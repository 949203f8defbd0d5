-- Proposing, signing and their audit cost one pass over what changed: what was asked for each line,
-- each entry or each audit row is asked once for a statement. Nothing that was refused is let by.

-- The texts behind a content hash. `stable` as the casts in them are, so that the planner can put
-- them into the statement that asks; declared immutable they were calls for each line.
create or replace function ledger.line_text(line_no integer, rule text, account text,
    facility_code text, payer_class text, original_period date, debit_amount numeric,
    credit_amount numeric, correction_class text) returns text
language sql stable parallel safe as $$
    select concat_ws(chr(31), line_no::text, rule, account, coalesce(facility_code, chr(30)),
        coalesce(payer_class, chr(30)), original_period::text, debit_amount::text,
        credit_amount::text, coalesce(correction_class, chr(30)))
$$;
create or replace function ledger.event_text(line_no integer, line_id text, event_id text,
    event text, rule text, rule_version text, account text, signed_amount numeric,
    entity_code text, facility_code text, payer_class text, claim_key text, account_key text,
    control_key text, original_date date, evidence_hash text, file_id uuid, segment integer)
    returns text
language sql stable parallel safe as $$
    select concat_ws(chr(31), line_no::text, line_id, event_id, event, rule, rule_version, account,
        signed_amount::text, entity_code, coalesce(facility_code, chr(30)),
        coalesce(payer_class, chr(30)), coalesce(claim_key, chr(30)),
        coalesce(account_key, chr(30)), coalesce(control_key, chr(30)), original_date::text,
        evidence_hash, coalesce(file_id::text, chr(30)), coalesce(segment::text, chr(30)))
$$;
create or replace function ledger.entry_hash(entity_code text, accounting_date date,
    approval_class text, part integer, lines text, events text) returns text
language sql stable parallel safe as $$
    select encode(sha256(convert_to(concat_ws(chr(29), entity_code, accounting_date::text,
        approval_class, part::text, lines, events), 'UTF8')), 'hex')
$$;

-- The audit chain. The head is locked before a statement and moved after it; each row follows the
-- newest one, the head or a row of the same statement.
create function ledger.lock_head() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform from ledger.audit_head for update;
    return null;
end $$;
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
    new.hash := ledger.audit_hash(new.prev_hash, new.seq, new.at, new.actor, new.action,
        new.entry_id, new.from_state, new.to_state, new.detail);
    return new;
end $$;
create function ledger.move_head() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    update ledger.audit_head set (seq, hash) = (
        select added.seq, added.hash from added order by added.seq desc limit 1)
    where exists (select from added);
    return null;
end $$;
create or replace function ledger.guard_head() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if pg_trigger_depth() < 2 or new.seq <= old.seq or not exists (
        select from ledger.audit where seq = new.seq and hash = new.hash) then
        raise exception 'TIEOUT IMMUTABLE: the head of the audit moves with the audit alone';
    end if;
    return new;
end $$;
create trigger lock_head before insert on ledger.audit
    for each statement execute function ledger.lock_head();
create trigger move_head after insert on ledger.audit referencing new table as added
    for each statement execute function ledger.move_head();

-- Proposals and steps are audited with one statement for all entries of a statement. States before
-- and after are grouped, not joined: a plan that was kept from one row would join thousands by loops.
create or replace function ledger.audit_entry() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from added) then
        return null;   -- and the head of the audit is not locked
    elsif tg_op = 'INSERT' then
        insert into ledger.audit (action, entry_id, to_state, detail)
        select 'propose', added.entry_id, added.state, jsonb_build_object(
                   'content_hash', added.content_hash, 'erp_key', added.erp_key,
                   'build_id', added.build_id, 'gross_amount', added.gross_amount)
        from added order by added.entry_id;
    else
        insert into ledger.audit (action, entry_id, from_state, to_state, detail)
        select 'step', step.entry_id, max(step.from_state), max(step.to_state),
               (array_agg(step.detail) filter (where step.detail is not null))[1]
        from (
            select replaced.entry_id, replaced.state as from_state, null::text as to_state,
                   null::jsonb as detail
            from replaced
            union all
            select added.entry_id, null, added.state,
                   jsonb_strip_nulls(jsonb_build_object('build_id', added.build_id,
                       'content_hash', added.content_hash, 'entry_no', added.entry_no,
                       'reason', added.state_reason))
            from added
        ) as step
        group by step.entry_id having max(step.from_state) <> max(step.to_state)
        order by step.entry_id;
    end if;
    return null;
end $$;
drop trigger audit on ledger.entry;
create trigger audit after insert on ledger.entry referencing new table as added
    for each statement execute function ledger.audit_entry();
create trigger audit_step after update on ledger.entry
    referencing old table as replaced new table as added
    for each statement execute function ledger.audit_entry();

create or replace function ledger.audit_approval() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from added) then
        return null;   -- and the head of the audit is not locked
    end if;
    insert into ledger.audit (action, entry_id, detail)
    select case when tg_op = 'INSERT' then 'sign' else 'void signature' end,
           added.entry_id, jsonb_strip_nulls(jsonb_build_object(
               'approval_id', added.approval_id, 'basis', added.basis,
               'approver', added.approver, 'content_hash', added.content_hash,
               'policy_version', added.policy_version, 'limit_id', added.limit_id,
               'delegation_id', added.delegation_id, 'authority', added.authority,
               'event_amount', added.event_amount, 'entry_amount', added.entry_amount,
               'account_day_amount', added.account_day_amount))
    from added order by added.approval_id;
    return null;
end $$;
drop trigger audit on ledger.approval;
create trigger audit after insert on ledger.approval referencing new table as added
    for each statement execute function ledger.audit_approval();
create trigger audit_void after update on ledger.approval referencing new table as added
    for each statement execute function ledger.audit_approval();

-- Digests of what is recorded: of some entries, or of all that are recorded.
drop function ledger.recorded_sums(bigint);
create function ledger.recorded_sums(p_entry_ids bigint[] default null)
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
        where case when p_entry_ids is null then ledger.is_recorded(entry.state)
              else line.entry_id = any(p_entry_ids) end
        offset 0   -- one mark per line, not one per half
    ) as marked
    group by grouping sets ((marked.entity_code, marked.original_date, marked.slot),
                            (marked.entity_code, marked.original_date))
    order by 1, 2, 3;
end $$;
revoke all on function ledger.recorded_sums(bigint[]), ledger.lock_head(), ledger.move_head()
    from public;
create or replace function ledger.keep_recorded() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    sign integer;
    moved bigint[];
begin
    foreach sign in array array[1, -1] loop
        select array_agg(step.entry_id order by step.entry_id) into moved
        from (
            select states.entry_id
            from (select replaced.entry_id, ledger.is_recorded(replaced.state) as was,
                         null::boolean as is_now
                  from replaced
                  union all
                  select added.entry_id, null, ledger.is_recorded(added.state) from added
                 ) as states
            group by states.entry_id
            having bool_or(states.was) = (sign = -1) and bool_or(states.is_now) = (sign = 1)
        ) as step;
        continue when moved is null;
        insert into ledger.recorded_digest as held
            (entity_code, original_date, slot, digest_high, digest_low)
        select entity_code, original_date, slot, sign * digest_high, sign * digest_low
        from ledger.recorded_sums(moved)
        on conflict (entity_code, original_date, slot) do update set
            digest_high = held.digest_high + excluded.digest_high,
            digest_low = held.digest_low + excluded.digest_low;
    end loop;
    return null;
end $$;
drop trigger record on ledger.entry;
create trigger record after update on ledger.entry
    referencing old table as replaced new table as added
    for each statement execute function ledger.keep_recorded();
