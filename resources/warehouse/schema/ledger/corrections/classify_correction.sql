-- Decides the class of a correction. It holds from the next proposal on: open proposals with
-- another class are void, with their signatures. Recorded entries keep the class that they were
-- approved with.
create or replace function ledger.classify_correction(
    p_entity text, p_original_period date, p_rule text, p_class text, p_reason text
) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.correction_decision
        (entity_code, original_period, rule, correction_class, reason)
    values (p_entity, p_original_period, p_rule, p_class, p_reason) returning decision_id
$$;
