-- A signature carries the session's login under the newest policy, which it did not load, with
-- roles that do not conflict. An approved entry takes a further signature when its period closed
-- softly.
create or replace function ledger.guard_approval() returns trigger
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
    new.policy_id := ledger.policy_id();
    select policy_version into new.policy_version from ledger.policy
    where policy_id = new.policy_id;
    new.authority := coalesce((select from_login from ledger.policy_delegation
        where policy_id = new.policy_id and delegation_id = new.delegation_id),
        ledger.short_login(session_user));
    if new.basis is null then
        raise exception 'TIEOUT NOT_AN_APPROVER: % may not approve', session_user;
    elsif held.proposed_by in (session_user, ledger.full_login(new.authority)) then
        raise exception 'TIEOUT SELF_APPROVAL: who made an entry does not approve it';
    elsif held.state <> 'proposed' and not (held.state = 'approved'
            and ledger.is_soft(held.entity_code, held.accounting_date)) then
        raise exception 'TIEOUT STATE: entry % is %', held.entry_id, held.state;
    elsif new.content_hash <> held.content_hash
        or ledger.entry_problem(held.entry_id) is not null then
        raise exception 'TIEOUT CONTENT: entry % is not what was seen', held.entry_id;
    elsif exists (select from ledger.policy where policy_id = new.policy_id
                  and loaded_by = session_user) or ledger.in_conflict(new.policy_id,
            ledger.roles_of(new.policy_id, ledger.short_login(session_user))) then
        raise exception 'TIEOUT CONFLICT: % holds what excludes signing', session_user;
    end if;
    return new;
end $$;
