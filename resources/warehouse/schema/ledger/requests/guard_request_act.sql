-- An act on a request carries the session's login; an approval carries the limit that allows it.
create or replace function ledger.guard_request_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held record;
    lacking text;
begin
    perform pg_advisory_xact_lock(7103005);   -- two who decide do not overlook each other
    select * into held from ledger.request where request_id = new.request_id for update;
    select * into held from ledger.request_state where request_id = new.request_id;
    new.actor := session_user;
    new.acted_at := clock_timestamp();
    perform ledger.check_text(new.reason, 'the reason');
    select as_of_date into new.decided_date from ops.installation;
    if held.request_id is null then
        raise exception 'TIEOUT NO_REQUEST: there is no request %', new.request_id;
    elsif held.state <> 'open' then
        raise exception 'TIEOUT STATE: request % is %', new.request_id, held.state;
    elsif new.act = 'withdrawn' and held.requested_by <> session_user then
        raise exception 'TIEOUT NOT_YOURS: who asked withdraws';
    elsif new.act <> 'withdrawn' and ledger.basis_of(session_user) is distinct from 'person' then
        raise exception 'TIEOUT NOT_A_PERSON: % does not act for a person', session_user;
    elsif new.act <> 'withdrawn' and held.requested_by = session_user then
        raise exception 'TIEOUT SELF_APPROVAL: who asks does not decide';
    elsif new.act <> 'withdrawn' and (new.content_hash <> held.content_hash
        or ledger.request_hash((select row from ledger.request as row
                                where row.request_id = new.request_id)) <> held.content_hash) then
        raise exception 'TIEOUT CONTENT: request % is not what was seen', new.request_id;
    elsif new.act = 'refused' and coalesce(btrim(new.reason), '') = '' then
        raise exception 'TIEOUT REASON: a refusal needs a reason';
    end if;
    if new.act = 'approved' then
        new := ledger.allowed_act(new, held.event);
        select min(wanted) into lacking from ledger.request_roles(new.request_id) as wanted
        where not ledger.holds_role(new.policy_id, ledger.short_login(session_user), wanted);
        if lacking is not null and held.approvals + 1 >= held.needed then
            raise exception 'TIEOUT ROLE: request % waits for a %', new.request_id, lacking;
        end if;
    end if;
    return new;
end $$;
