-- An opening list is decided once, by another person than its preparer, and approved only
-- without a problem.
create or replace function ledger.guard_opening_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held record;
    class record;
    problem text;
begin
    perform ledger.check_text(new.reason, 'the reason');
    perform pg_advisory_xact_lock(7104001);
    perform from ledger.opening_list where list_id = new.list_id for update;
    select * into held from ledger.opening_state where list_id = new.list_id;
    select * into class from ledger.approval_class
    where approval_class = 'controller+approver';
    new.actor := session_user;
    new.acted_at := clock_timestamp();
    new.is_controller := ledger.holds_role(ledger.policy_id(),
        ledger.short_login(session_user), coalesce(class.includes_role, 'controller'));
    new.is_last := new.act = 'approved' and held.approvals + 1 >= greatest(class.signatures, 2)
        and (new.is_controller or exists (select from ledger.opening_act
             where list_id = new.list_id and act = 'approved' and is_controller));
    if held.list_id is null then
        raise exception 'TIEOUT NO_LIST: there is no list %', new.list_id;
    elsif held.state <> 'open' then
        raise exception 'TIEOUT STATE: list % is %', new.list_id, held.state;
    elsif new.act = 'withdrawn' then
        if held.loaded_by <> session_user then
            raise exception 'TIEOUT NOT_YOURS: who loaded a list withdraws it';
        end if;
        return new;
    elsif ledger.basis_of(session_user) is distinct from 'person' then
        raise exception 'TIEOUT NOT_A_PERSON: % does not act for a person', session_user;
    elsif held.loaded_by = session_user then
        raise exception 'TIEOUT SELF_APPROVAL: who loaded a list does not decide on it';
    elsif ledger.in_conflict(ledger.policy_id(), ledger.roles_of(ledger.policy_id(),
            ledger.short_login(session_user))) then
        raise exception 'TIEOUT CONFLICT: % holds roles that exclude each other', session_user;
    elsif new.content_hash <> held.content_hash or held.content_hash <> ledger.opening_hash(
            (select row from ledger.opening_list as row where row.list_id = new.list_id)) then
        raise exception 'TIEOUT CONTENT: list % is not what was seen', new.list_id;
    elsif new.act = 'refused' and coalesce(btrim(new.reason), '') = '' then
        raise exception 'TIEOUT REASON: a refusal needs a reason';
    end if;
    problem := ledger.opening_problem(new.list_id);
    if new.act = 'approved' and problem is not null then
        raise exception 'TIEOUT %', problem;
    end if;
    return new;
end $$;
