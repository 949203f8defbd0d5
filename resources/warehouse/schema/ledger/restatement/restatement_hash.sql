-- The hash of the difference that waits for restatement. `tieout policy what-if` computes the
-- same.
create or replace function ledger.restatement_hash(p_rules text[]) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(coalesce(string_agg(
        concat_ws('|', entity_code, account, period, event, amount::text), chr(10)
        order by entity_code collate "C", account collate "C", period collate "C",
                 event collate "C"), ''), 'UTF8')), 'hex')
    from (select entity_code, account, period, event, sum(amount) as amount
          from ledger.restatement_hold where rule = any(p_rules)
          group by entity_code, account, period, event having sum(amount) <> 0) as held
$$;
