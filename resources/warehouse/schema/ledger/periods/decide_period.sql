-- A second person decides on a requested act. Reopening voids the certificates of builds whose
-- as-of date lies in the period, and the one that the close rested on.
create or replace function ledger.decide_period(
    p_request_id bigint, p_accepts boolean, p_reason text
)
returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    made ledger.period_act;
begin
    insert into ledger.period_act (request_id, step, reason)
    values (p_request_id, case when p_accepts then 'approve' else 'refuse' end, p_reason)
    returning * into made;
    if not p_accepts then
        return made.from_status;
    end if;
    update ledger.period set own_status = made.to_status
    where entity_code = made.entity_code and period_start = made.period_start;
    if made.act = 'reopen' then
        update ops.certificate set voided_at = clock_timestamp(), void_reason = 'period reopened'
        where voided_at is null and (build_id in (
            select build.build_id from ops.build as build
            join ledger.period as period on build.as_of_date
                between period.period_start and period.period_end
            where period.entity_code = made.entity_code
              and period.period_start = made.period_start)
            or build_id in (
                select closed.build_id from ledger.period_act as closed
                where closed.entity_code = made.entity_code
                  and closed.period_start = made.period_start));
    end if;
    return made.to_status;
end $$;
