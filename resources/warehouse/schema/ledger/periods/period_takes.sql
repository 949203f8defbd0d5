-- Tells whether an entry may post into its period: open, or soft with a named class and the
-- signature of the policy's role.
create or replace function ledger.period_takes(
    p_entry_id bigint, p_entity_code text, p_date date, p_class text
) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from ledger.period
        where entity_code = p_entity_code and p_date between period_start and period_end
          and ledger.period_takes_class(own_status, erp_status, p_class)
          and (own_status = 'open' or ledger.has_signature(p_entry_id, (
                select soft_role from ledger.policy where policy_id = ledger.policy_id()))))
$$;
