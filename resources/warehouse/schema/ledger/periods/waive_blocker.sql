-- A person waives one blocker of a close until a date, with a reason.
create or replace function ledger.waive_blocker(
    p_entity text, p_start date, p_code text, p_item text, p_reason text, p_expires_on date
) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.close_waiver (entity_code, period_start, code, item, reason, expires_on)
    values (p_entity, p_start, p_code, p_item, p_reason, p_expires_on) returning waiver_id
$$;
