-- Rebuilds the digests from the evidence after a restore or a repair, for the owner. Returns how
-- many buckets were wrong; the audit records it.
create or replace function ledger.rebuild_recorded() returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    wrong bigint;
begin
    lock table ledger.entry in share row exclusive mode;
    select count(*) into wrong from ledger.verify_recorded();
    if wrong > 0 then
        alter table ledger.recorded_digest disable trigger user;
        truncate ledger.recorded_digest;
        insert into ledger.recorded_digest select * from ledger.recorded_sums();
        alter table ledger.recorded_digest enable trigger user;
        perform ledger.write_audit('rebuild digests', null, null, null,
            jsonb_build_object('wrong', wrong));
    end if;
    return wrong;
end $$;
