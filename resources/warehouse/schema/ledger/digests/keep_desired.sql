-- Adds desired lines that are inserted to the digests of their buckets, and subtracts those that
-- are deleted. The rights are the owner's: the role that hands lines over cannot write digests.
create or replace function ledger.keep_desired() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    sign constant integer := case when tg_op = 'INSERT' then 1 else -1 end;
    salt constant uuid := (select installation_id from ledger.installation);
begin
    insert into ledger.desired_digest as held
        (entity_code, original_date, slot, line_count, digest_high, digest_low)
    select marked.entity_code, marked.original_date, coalesce(marked.slot, ''), sign * count(*),
           sign * sum(ledger.high_half(marked.mark) * marked.signed_amount),
           sign * sum(ledger.low_half(marked.mark) * marked.signed_amount)
    from (
        select line.entity_code, line.original_date, left(md5(line.event_id), 1) as slot,
               line.signed_amount,
               ledger.line_mark(salt, line.event_id, line.rule, line.account, line.entity_code,
                   line.facility_code, line.payer_class, line.claim_key, line.account_key,
                   line.control_key, line.original_date) as mark
        from changed as line where line.reaches_erp
        offset 0   -- one mark per line, not one per half
    ) as marked
    group by grouping sets ((marked.entity_code, marked.original_date, marked.slot),
                            (marked.entity_code, marked.original_date))
    on conflict (entity_code, original_date, slot) do update set
        line_count = held.line_count + excluded.line_count,
        digest_high = held.digest_high + excluded.digest_high,
        digest_low = held.digest_low + excluded.digest_low;
    delete from ledger.desired_digest where line_count = 0;
    return null;
end $$;
