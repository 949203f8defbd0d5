-- What a maker moved on an account within 24 hours, less the entries that are named.
create or replace function ledger.account_day(p_maker text, p_entity_code text, p_account text,
    p_but bigint[] default '{}') returns numeric
language sql stable set search_path = pg_catalog, pg_temp as $$
    select coalesce(sum(line.debit_amount + line.credit_amount), 0)
    from ledger.entry as entry join ledger.entry_line as line using (entry_id)
    where (entry.state in ('approved', 'sending', 'unknown', 'posted')
           or (entry.state = 'proposed' and exists (
                select from ledger.approval as signature
                where signature.entry_id = entry.entry_id and signature.voided_at is null)))
      and entry.proposed_by = p_maker and entry.entity_code = p_entity_code
      and entry.proposed_at > clock_timestamp() - interval '24 hours'
      and entry.entry_id not in (select unnest(p_but))
      and line.account = p_account
$$;
