-- The reconciliation sheet: its rows, the hash of each, and who signed exactly that.
create or replace function ledger.reconciliation_sheet()
returns table (entity_code text, account text, account_name text, as_of_date date,
    balance_amount numeric, items_amount numeric, unposted_amount numeric,
    explained_amount numeric, unexplained_amount numeric, item_count integer,
    oldest_age_days integer, age_30_amount numeric, age_60_amount numeric,
    age_90_amount numeric, age_over_90_amount numeric, content_hash text,
    reconciliation_id bigint, preparer text, prepared_at timestamptz, explanation text,
    reviewer text, reviewed_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with sheet as (
        select held.*, encode(sha256(convert_to(concat_ws(chr(31), held.entity_code, held.account,
            held.as_of_date::text, held.balance_amount::text, held.items_amount::text,
            held.unposted_amount::text, held.explained_amount::text, held.item_count::text,
            coalesce(held.oldest_age_days::text, chr(30)), held.age_30_amount::text,
            held.age_60_amount::text, held.age_90_amount::text, held.age_over_90_amount::text),
            'UTF8')), 'hex') as content_hash
        from ledger.account_reconciliation as held
    )
    select sheet.entity_code, sheet.account, sheet.account_name, sheet.as_of_date,
           sheet.balance_amount, sheet.items_amount, sheet.unposted_amount,
           sheet.explained_amount, sheet.unexplained_amount, sheet.item_count,
           sheet.oldest_age_days, sheet.age_30_amount, sheet.age_60_amount, sheet.age_90_amount,
           sheet.age_over_90_amount, sheet.content_hash, signed.reconciliation_id,
           signed.preparer, signed.prepared_at, signed.explanation, review.reviewer,
           review.reviewed_at
    from sheet
    left join ledger.reconciliation as signed using (entity_code, account, content_hash)
    left join ledger.reconciliation_review as review
        on review.reconciliation_id = signed.reconciliation_id
    order by sheet.entity_code, sheet.account
$$;
