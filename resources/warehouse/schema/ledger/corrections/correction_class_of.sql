-- The correction class of a rule in an original period: the newest decision, else the policy's
-- class, else new information.
create or replace function ledger.correction_class_of(
    p_entity text, p_original_period date, p_rule text
)
returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select coalesce(
        (select correction_class from ledger.correction_decision
         where (entity_code, original_period, rule) = (p_entity, p_original_period, p_rule)
         order by decision_id desc limit 1),
        (select correction_class from ledger.policy_correction
         where policy_id = ledger.policy_id() and rule = p_rule),
        'new_information')
$$;
