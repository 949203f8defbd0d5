-- Finds the buckets where desired and recorded lines differ, by their digests.
create or replace function ledger.draft_buckets() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    create temporary table draft_bucket on commit drop as
    with day as materialized (
        select entity_code, original_date
        from (select * from ledger.desired_digest where slot = '') as desired
        full join (select * from ledger.recorded_digest where slot = '') as recorded
            using (entity_code, original_date)
        where (coalesce(desired.digest_high, 0), coalesce(desired.digest_low, 0))
           <> (coalesce(recorded.digest_high, 0), coalesce(recorded.digest_low, 0))
    )
    select entity_code, original_date, slot
    from (select digest.* from ledger.desired_digest as digest
          join day using (entity_code, original_date) where slot <> '') as desired
    full join (select digest.* from ledger.recorded_digest as digest
               join day using (entity_code, original_date) where slot <> '') as recorded
        using (entity_code, original_date, slot)
    where (coalesce(desired.digest_high, 0), coalesce(desired.digest_low, 0))
       <> (coalesce(recorded.digest_high, 0), coalesce(recorded.digest_low, 0));
    analyze draft_bucket;
end $$;
