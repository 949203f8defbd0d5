-- Finds the buckets where desired and recorded lines differ; false when the desired lines have
-- no digest, so that everything is compared.
create or replace function ledger.draft_buckets() returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    lock table marts.fct_ledger_line in access share mode;
    if to_regclass('marts.fct_ledger_digest') is null then
        return false;
    elsif (select fact_state from marts.fct_ledger_digest limit 1)
        is distinct from ledger.demanded_state() then
        return false;
    end if;
    create temporary table draft_bucket on commit drop as
    with day as materialized (
        select entity_code, original_date
        from (select * from marts.fct_ledger_digest where slot = '') as demanded
        full join (select * from ledger.recorded_digest where slot = '') as recorded
            using (entity_code, original_date)
        where (coalesce(demanded.digest_high, 0), coalesce(demanded.digest_low, 0))
           <> (coalesce(recorded.digest_high, 0), coalesce(recorded.digest_low, 0))
    )
    select entity_code, original_date, slot
    from (select digest.* from marts.fct_ledger_digest as digest
          join day using (entity_code, original_date) where slot <> '') as demanded
    full join (select digest.* from ledger.recorded_digest as digest
               join day using (entity_code, original_date) where slot <> '') as recorded
        using (entity_code, original_date, slot)
    where (coalesce(demanded.digest_high, 0), coalesce(demanded.digest_low, 0))
       <> (coalesce(recorded.digest_high, 0), coalesce(recorded.digest_low, 0));
    analyze draft_bucket;
    return true;
end $$;
