-- A delegate is neither a preparer nor in conflict by the delegated role; a delegation is not
-- passed on. Roles by group are asked again when a signature uses it.
create or replace function ledger.guard_delegation() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if new.effective_to - new.effective_from >= (
        select delegation_days from ledger.policy where policy_id = new.policy_id) then
        raise exception 'TIEOUT DELEGATION: % lasts longer than policy allows', new.delegation_id;
    elsif exists (select from ledger.policy_delegation where policy_id = new.policy_id
                  and (from_login = new.to_login or to_login = new.from_login)) then
        raise exception 'TIEOUT DELEGATION: % would be handed on', new.delegation_id;
    elsif ledger.in_conflict(new.policy_id, ledger.roles_of(new.policy_id, new.to_login)
                             || ledger.roles_of(new.policy_id, new.from_login))
        or 'preparer' = any(ledger.roles_of(new.policy_id, new.to_login)) then
        raise exception 'TIEOUT DELEGATION: the duties of the delegate of % conflict',
            new.delegation_id;
    end if;
    return new;
end $$;
