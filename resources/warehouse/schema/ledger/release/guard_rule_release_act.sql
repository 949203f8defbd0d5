-- A release is decided once, by another person than its requester.
create or replace function ledger.guard_rule_release_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held record;
begin
    perform pg_advisory_xact_lock(7103005);
    select * into held from ledger.rule_release_state where release_id = new.release_id;
    new.actor := session_user;
    new.acted_at := clock_timestamp();
    if held.release_id is null then
        raise exception 'TIEOUT NO_RELEASE: there is no release %', new.release_id;
    elsif held.state <> 'open' then
        raise exception 'TIEOUT STATE: release % is %', new.release_id, held.state;
    elsif (new.rule_set_hash, new.code_hash) <> (held.rule_set_hash, held.code_hash)
        or ledger.files_hash(held.files) <> held.rule_set_hash then
        raise exception 'TIEOUT CONTENT: release % is not what was seen', new.release_id;
    elsif new.act = 'withdrawn' and held.author <> session_user then
        raise exception 'TIEOUT NOT_YOURS: who asked withdraws';
    elsif new.act = 'withdrawn' then
        return new;
    end if;
    perform ledger.check_person();
    if held.author = session_user then
        raise exception 'TIEOUT SELF_APPROVAL: who wrote rules does not approve them';
    elsif new.act = 'approved' and ledger.has_deployed(held.rule_set_hash, held.code_hash) then
        raise exception 'TIEOUT SELF_DEPLOYMENT: who deployed rules does not approve them';
    elsif new.act = 'refused' and btrim(new.reason) = '' then
        raise exception 'TIEOUT REASON: a refusal needs a reason';
    end if;
    return new;
end $$;
