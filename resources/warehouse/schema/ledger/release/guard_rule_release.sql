-- A release is requested by a person for rules and code that were deployed.
create or replace function ledger.guard_rule_release() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_text(new.reason, 'the reason');
    perform pg_advisory_xact_lock(7103005);
    perform ledger.check_person();
    new.author := session_user;
    new.asked_at := clock_timestamp();
    if new.files = '{}' or ledger.files_hash(new.files) <> new.rule_set_hash then
        raise exception 'TIEOUT CONTENT: the files are not those of the rule set';
    elsif exists (
        select from ledger.rule_release_state as other
        where (other.rule_set_hash, other.code_hash) = (new.rule_set_hash, new.code_hash)
          and other.state in ('open', 'approved')) then
        raise exception 'TIEOUT DUPLICATE: these rules and this code were asked for already';
    elsif ledger.has_deployed(new.rule_set_hash, new.code_hash) then
        raise exception 'TIEOUT SELF_DEPLOYMENT: who deployed rules does not ask for their release';
    end if;
    return new;
end $$;
