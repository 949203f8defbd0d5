-- Proposing keeps back what differs by a changed rule alone, unless an order lets it through.

-- Events that are recorded as one version of a rule says, and demanded as another one does, with
-- other accounts or another sign, of the same entity and date. An event that moved to another date
-- or entity is new evidence: its variant is that of its date.
create function ledger.draft_candidates() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    drop table if exists pg_temp.draft_candidate;
    create temporary table draft_candidate on commit drop as
    with standing as (           -- line by line, as it is recorded today
        select line.event_id, line.entity_code, line.original_date, line.rule, line.account,
               sum(line.signed_amount) as amount, max(line.entry_id) as entry_id,
               (array_agg(line.rule_version order by line.entry_id desc, line.line_no desc))[1]
                   as rule_version
        from ledger.entry_event as line join ledger.entry as entry using (entry_id)
        where ledger.is_recorded(entry.state)
          and line.event_id in (select event_id from draft_difference)
        group by line.event_id, line.entity_code, line.original_date, line.rule, line.account,
                 line.facility_code, line.payer_class, line.claim_key, line.account_key,
                 line.control_key
        having sum(line.signed_amount) <> 0
    ),
    recorded as (
        select event_id, entity_code, original_date, max(entry_id) as entry_id,
               (array_agg(rule_version order by entry_id desc))[1] as rule_version
        from standing group by event_id, entity_code, original_date
    ),
    side as (
        select true as is_demanded, event_id, entity_code, original_date, rule, account,
               sum(signed_amount) as amount
        from marts.fct_ledger_line
        where reaches_erp and event_id in (select event_id from recorded)
        group by event_id, entity_code, original_date, rule, account
        union all
        select false, event_id, entity_code, original_date, rule, account, sum(amount)
        from standing group by event_id, entity_code, original_date, rule, account
    ),
    shape as (
        select event_id, entity_code, original_date,
               string_agg(concat_ws(' ', rule, account, sign(amount)), ',' order by rule, account)
                   filter (where is_demanded) as demanded,
               string_agg(concat_ws(' ', rule, account, sign(amount)), ',' order by rule, account)
                   filter (where not is_demanded) as recorded
        from side where amount <> 0 group by event_id, entity_code, original_date
    )
    select event.event_id, event.entity_code, event.event_date as original_date, event.rule,
           recorded.rule_version as from_version, event.rule_version as to_version,
           recorded.entry_id as after_entry_id
    from recorded join shape using (event_id, entity_code, original_date)
    join marts.fct_billing_event as event
        on event.event_id = recorded.event_id and event.entity_code = recorded.entity_code
       and event.event_date = recorded.original_date
    where event.rule_version <> recorded.rule_version
      and shape.demanded is distinct from shape.recorded;
    analyze draft_candidate;
end $$;

-- Orders whose difference is exactly what waits let it through. The rest is left out of the
-- drafts and shown; `draft_restated` is what goes on, as an entry of the class `restatement`.
create function ledger.draft_restatements() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    approved record;
begin
    perform ledger.draft_candidates();
    drop table if exists pg_temp.draft_restated;
    create temporary table draft_restated on commit drop as
    select candidate.* from draft_candidate as candidate
    join ledger.restatement_event as let using (event_id, after_entry_id, to_version);
    delete from draft_candidate where event_id in (select event_id from draft_restated);
    delete from ledger.restatement_hold;
    insert into ledger.restatement_hold (entity_code, account, period, event, rule, amount)
    select draft.entity_code, draft.account, to_char(draft.original_date, 'YYYY-MM'), draft.event,
           candidate.rule, sum(draft.signed_amount)
    from draft_difference as draft
    join draft_candidate as candidate using (event_id, entity_code, original_date)
    group by 1, 2, 3, 4, 5 having sum(draft.signed_amount) <> 0;
    for approved in
        select order_id, rules, what_if_hash from ledger.restatement_state
        where state = 'approved' order by order_id
    loop
        continue when approved.what_if_hash <> ledger.restatement_hash(approved.rules)
            or not exists (select from draft_candidate where rule = any(approved.rules));
        insert into ledger.restatement_event
        select approved.order_id, event_id, rule, from_version, to_version, after_entry_id
        from draft_candidate where rule = any(approved.rules);
        insert into draft_restated select * from draft_candidate where rule = any(approved.rules);
        delete from draft_candidate where rule = any(approved.rules);
        delete from ledger.restatement_hold where rule = any(approved.rules);
    end loop;
    delete from draft_difference as draft using draft_candidate as candidate
    where (draft.event_id, draft.entity_code, draft.original_date)
        = (candidate.event_id, candidate.entity_code, candidate.original_date);
    analyze draft_difference;
end $$;

-- Two places of what stands: proposing asks, and the class follows what was let through.
do $do$
declare
    proposing text := pg_get_functiondef('ledger.propose(text)'::regprocedure);
    drafting text := pg_get_functiondef('ledger.draft_events(date)'::regprocedure);
    at text := $at$    perform ledger.draft_events(as_of);$at$;
    was text := $was$
        -- The rule changed under recorded evidence: the old account goes, another one comes.
        select event_id from draft_difference group by event_id
        having bool_or(desired_class is null) and bool_or(desired_class is not null)
           and min(rule_version) <> max(rule_version)
$was$;
begin
    if strpos(proposing, at) = 0 or strpos(drafting, was) = 0 then
        raise exception 'TIEOUT MIGRATION: proposing is not as this version expects';
    end if;
    execute replace(proposing, at, '    perform ledger.draft_restatements();' || chr(10) || at);
    execute replace(drafting, was, chr(10) ||
        '        -- The rule changed under recorded evidence, and an order lets it work backwards.'
        || chr(10) || '        select event_id from draft_restated' || chr(10));
end $do$;

grant select on ledger.restatement_order, ledger.restatement_act, ledger.restatement_event,
    ledger.restatement_hold, ledger.restatement_state
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
grant execute on function ledger.verify_restatements(), ledger.restatement_hash(text[])
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
grant execute on function ledger.ask_restatement(text, text[], text),
    ledger.decide_restatement(bigint, text, text, text) to :prefix_approver;
