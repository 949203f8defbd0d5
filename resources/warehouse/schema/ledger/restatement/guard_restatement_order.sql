-- A restatement order carries the session's login, its rules in order, and the hash of its
-- content.
create or replace function ledger.guard_restatement_order() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_text(new.reason, 'the reason');
    perform ledger.check_person();
    new.asked_by := session_user;
    new.asked_at := clock_timestamp();
    new.rules := array(select distinct rule from unnest(new.rules) as rule order by rule);
    new.content_hash := ledger.restatement_content(new);
    return new;
end $$;
