-- The reconciliation sheet: the mart's rows, the hash of each, and who signed exactly that.
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
        select mart.*, encode(sha256(convert_to(concat_ws(chr(31), mart.entity_code, mart.account,
            mart.as_of_date::text, mart.balance_amount::text, mart.items_amount::text,
            mart.unposted_amount::text, mart.explained_amount::text, mart.item_count::text,
            coalesce(mart.oldest_age_days::text, chr(30)), mart.age_30_amount::text,
            mart.age_60_amount::text, mart.age_90_amount::text, mart.age_over_90_amount::text),
            'UTF8')), 'hex') as content_hash
        from marts.mart_account_reconciliation as mart
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
