-- Signs, as policy, every proposal of a build that a policy limit allows and nothing else holds.
create or replace function ledger.approve_by_policy(p_build_id text)
    returns table (approved integer, waiting integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if ledger.basis_of(session_user) is distinct from 'policy' then
        raise exception 'TIEOUT NOT_POLICY: % is not the policy login', session_user;
    end if;
    perform from ledger.entry where state = 'proposed' order by entry_id for update;
    perform pg_advisory_xact_lock(7103003);
    drop table if exists pg_temp.candidate;
    create temporary table candidate on commit drop as
    select * from ledger.policy_candidates(p_build_id);
    delete from ledger.limit_finding where entry_id in (select entry_id from candidate);
    insert into ledger.limit_finding (entry_id, detail)
    select entry_id, detail from candidate where detail is not null;
    insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at, limit_id,
        event_amount, entry_amount, account_day_amount)
    select entry_id, content_hash, 'policy', session_user, clock_timestamp(), limit_id,
           event_amount, gross_amount, account_day_amount
    from candidate where detail is null order by accounting_date, entry_id;
    update ledger.entry set state = 'approved'
    where entry_id in (select entry_id from candidate where detail is null);
    get diagnostics approved = row_count;
    select count(*) into waiting from ledger.entry where state = 'proposed';
    return next;
end $$;
