-- The digest of recorded lines by entity, original date and slot: of some entries, or of all.
create or replace function ledger.recorded_sums(p_entry_ids bigint[] default null)
    returns table (entity_code text, original_date date, slot text, digest_high numeric,
                   digest_low numeric)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    salt constant uuid := (select installation_id from ledger.installation);
begin
    return query
    select marked.entity_code, marked.original_date, coalesce(marked.slot, ''),
           sum(ledger.high_half(marked.mark) * marked.signed_amount),
           sum(ledger.low_half(marked.mark) * marked.signed_amount)
    from (
        select line.entity_code, line.original_date, left(md5(line.event_id), 1) as slot,
               line.signed_amount,
               ledger.line_mark(salt, line.event_id, line.rule, line.account, line.entity_code,
                   line.facility_code, line.payer_class, line.claim_key, line.account_key,
                   line.control_key, line.original_date) as mark
        from ledger.entry_event as line join ledger.entry as entry using (entry_id)
        where case when p_entry_ids is null then ledger.is_recorded(entry.state)
              else line.entry_id = any(p_entry_ids) end
        offset 0   -- one mark per line, not one per half
    ) as marked
    group by grouping sets ((marked.entity_code, marked.original_date, marked.slot),
                            (marked.entity_code, marked.original_date))
    order by 1, 2, 3;
end $$;
