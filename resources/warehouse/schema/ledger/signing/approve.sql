-- A person signs the content hash of an entry. Limits of the login's own come before delegated
-- ones.
create or replace function ledger.approve(p_entry_id bigint, p_content_hash text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
    measured record;
    rule record;
begin
    perform ledger.check_person();
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if not found then
        raise exception 'TIEOUT NO_ENTRY: there is no entry %', p_entry_id;
    elsif held.content_hash <> p_content_hash then
        raise exception 'TIEOUT CONTENT: entry % is not what was seen', p_entry_id;
    end if;
    perform pg_advisory_xact_lock(7103003);
    select ledger.event_amount(p_entry_id) as event, held.gross_amount as entry,
           ledger.day_amount(p_entry_id) as day into measured;
    select allowed.*, ledger.limit_problem(measured.event, measured.entry, measured.day,
               allowed.event_amount, allowed.entry_amount, allowed.account_day_amount) as problem
    into rule
    from ledger.limits_of(session_user, held.approval_class, ledger.today()) as allowed
    where allowed.delegation_id is null or not exists (
        select from ledger.approval where entry_id = p_entry_id and voided_at is null
          and authority = allowed.authority)
    order by problem nulls first, allowed.delegation_id nulls first, allowed.limit_id limit 1;
    if not found then
        raise exception 'TIEOUT LIMIT: no limit lets % approve class % today',
            session_user, held.approval_class;
    elsif rule.problem is not null then
        raise exception 'TIEOUT LIMIT: entry % exceeds what a person may approve: %', p_entry_id,
            format(rule.problem, rule.limit_id);
    end if;
    insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at, limit_id,
        delegation_id, event_amount, entry_amount, account_day_amount)
    values (p_entry_id, p_content_hash, 'person', session_user, clock_timestamp(), rule.limit_id,
        rule.delegation_id, measured.event, measured.entry, measured.day);
    update ledger.entry set state = 'approved'
    where entry_id = p_entry_id and state = 'proposed'
      and ledger.missing_role(p_entry_id) is null
      and ledger.signatures(p_entry_id) >= (
        select signatures from ledger.approval_class
        where approval_class = held.approval_class);
end $$;
