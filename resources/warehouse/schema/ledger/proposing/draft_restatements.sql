-- Lets restatement orders through whose difference is exactly what waits. Other differences of
-- changed rules leave the drafts and are held; `draft_restated` goes on as class `restatement`.
create or replace function ledger.draft_restatements() returns void
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
