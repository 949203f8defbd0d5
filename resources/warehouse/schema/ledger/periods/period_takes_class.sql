-- Tells whether a period takes a class: open takes every class, soft the named ones. The
-- stricter of our status and the ERP's counts.
create or replace function ledger.period_takes_class(
    p_own_status text, p_erp_status text, p_class text
) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select p_erp_status = 'open' and (p_own_status = 'open' or (p_own_status = 'soft' and exists (
        select from ledger.policy
        where policy_id = ledger.policy_id() and p_class = any(soft_classes))))
$$;
