-- A preparer signs the reconciliation of an account. An unexplained difference takes an
-- explanation.
create or replace function ledger.prepare_reconciliation(
    p_entity text, p_account text, p_content_hash text, p_explanation text
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    seen record;
    made bigint;
begin
    if session_user = ':prefix_policy' then
        raise exception 'TIEOUT NOT_A_PERSON: % does not act for a person', session_user;
    end if;
    select * into seen from ledger.reconciliation_sheet() as sheet
    where sheet.entity_code = p_entity and sheet.account = p_account;
    if not found or seen.content_hash is distinct from p_content_hash then
        raise exception 'TIEOUT CONTENT: account % of % is not what was seen',
            p_account, p_entity;
    elsif seen.reconciliation_id is not null then
        raise exception 'TIEOUT STATE: account % of % is prepared already', p_account, p_entity;
    elsif seen.unexplained_amount <> 0 and coalesce(btrim(p_explanation), '') = '' then
        raise exception 'TIEOUT UNEXPLAINED: account % of % differs by %',
            p_account, p_entity, seen.unexplained_amount;
    end if;
    insert into ledger.reconciliation (entity_code, account, as_of_date, content_hash,
        balance_amount, items_amount, unexplained_amount, explanation)
    values (p_entity, p_account, seen.as_of_date, seen.content_hash, seen.balance_amount,
        seen.items_amount, seen.unexplained_amount, coalesce(p_explanation, ''))
    returning reconciliation_id into made;
    perform ledger.write_audit('prepare reconciliation', null, null, null, jsonb_build_object(
        'reconciliation_id', made, 'entity_code', p_entity, 'account', p_account,
        'content_hash', p_content_hash));
    return made;
end $$;
