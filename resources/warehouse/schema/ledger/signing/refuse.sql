-- A person refuses a proposal. It stays quiet while its events are unchanged, until its review
-- date.
create or replace function ledger.refuse(
    p_entry_id bigint, p_disposition text, p_owner text, p_look_again date
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
begin
    perform ledger.check_person();
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if held.state is distinct from 'proposed' then
        raise exception 'TIEOUT STATE: entry % is no proposal', p_entry_id;
    elsif p_look_again is null or p_look_again <= (select as_of_date from ops.installation) then
        raise exception 'TIEOUT LOOK_AGAIN: a refusal names a day after the as-of date';
    end if;
    insert into ledger.refusal (entry_id, content_hash, disposition, owner, look_again)
    values (p_entry_id, held.content_hash, p_disposition, p_owner, p_look_again);
    update ledger.approval set voided_at = clock_timestamp()
    where entry_id = p_entry_id and voided_at is null;
    perform ledger.write_audit('refuse', p_entry_id, held.state, held.state,
        jsonb_build_object('content_hash', held.content_hash, 'look_again', p_look_again));
end $$;
