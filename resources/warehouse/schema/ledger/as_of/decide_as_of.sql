-- A second person decides on a request for the as-of date, and moves it where they approve;
-- returns the date as it then is.
create or replace function ledger.decide_as_of(
    p_request_id bigint, p_accepts boolean, p_reason text
) returns date
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    asked ledger.as_of_act;
    held date;
begin
    select as_of_date into held from ops.installation for update;
    select * into asked from ledger.as_of_act where act_id = p_request_id and step = 'ask';
    if not found then
        raise exception 'TIEOUT NO_REQUEST: there is no request % for the as-of date', p_request_id;
    end if;
    insert into ledger.as_of_act (step, request_id, from_date, to_date, reason)
    values (case when p_accepts then 'approve' else 'refuse' end, p_request_id, held,
            asked.to_date, p_reason);
    if p_accepts then
        update ops.installation set as_of_date = asked.to_date, asked_as_of_date = asked.to_date,
            updated_at = clock_timestamp();
    end if;
    return (select as_of_date from ops.installation);
end $$;
