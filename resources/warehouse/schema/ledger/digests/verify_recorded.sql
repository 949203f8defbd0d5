-- Buckets whose digest differs from the sum over the evidence of recorded entries; none
-- normally.
create or replace function ledger.verify_recorded()
returns table (entity_code text, original_date date, slot text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select entity_code, original_date, slot
    from ledger.recorded_digest as held
    full join ledger.recorded_sums() as proof using (entity_code, original_date, slot)
    where (coalesce(held.digest_high, 0), coalesce(held.digest_low, 0))
       <> (coalesce(proof.digest_high, 0), coalesce(proof.digest_low, 0))
    order by 1, 2, 3
$$;
