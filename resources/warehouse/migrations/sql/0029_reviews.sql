-- Sign-off: account reconciliations by a preparer and another person who reviews, and reviews of
-- lists. Each names the hash of what was seen; nothing of it changes afterwards.

create table ledger.reconciliation (
    reconciliation_id bigint generated always as identity primary key,
    entity_code text not null,
    account text not null,
    as_of_date date not null,
    content_hash text not null,
    balance_amount numeric(14, 2) not null,
    items_amount numeric(14, 2) not null,
    unexplained_amount numeric(14, 2) not null,
    explanation text not null,
    preparer text not null default session_user,
    prepared_at timestamptz not null default clock_timestamp(),
    check (unexplained_amount = 0 or btrim(explanation) <> ''),
    unique (entity_code, account, content_hash)
);
create table ledger.reconciliation_review (
    reconciliation_id bigint primary key references ledger.reconciliation,
    reviewer text not null default session_user,
    reviewed_at timestamptz not null default clock_timestamp()
);
create table ledger.review (
    review_id bigint generated always as identity primary key,
    subject text not null check (btrim(subject) <> ''),
    content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'),
    note text not null,
    reviewer text not null default session_user,
    reviewed_at timestamptz not null default clock_timestamp()
);
create index on ledger.review (subject, review_id);

-- Not even the owner of the tables signs for somebody, or reviews what he prepared.
create function ledger.guard_reconciliation() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.preparer := session_user;
    new.prepared_at := clock_timestamp();
    return new;
end $$;
create function ledger.guard_reconciliation_review() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.reviewer := session_user;
    new.reviewed_at := clock_timestamp();
    if exists (select from ledger.reconciliation
               where reconciliation_id = new.reconciliation_id and preparer = new.reviewer) then
        raise exception 'TIEOUT SELF_REVIEW: % prepared this reconciliation', session_user;
    end if;
    return new;
end $$;
create function ledger.guard_review() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.reviewer := session_user;
    new.reviewed_at := clock_timestamp();
    return new;
end $$;
create trigger guard before insert on ledger.reconciliation
    for each row execute function ledger.guard_reconciliation();
create trigger guard before insert on ledger.reconciliation_review
    for each row execute function ledger.guard_reconciliation_review();
create trigger guard before insert on ledger.review
    for each row execute function ledger.guard_review();
create trigger keep before update or delete or truncate on ledger.reconciliation
    for each statement execute function ops.refuse_change();
create trigger keep before update or delete or truncate on ledger.reconciliation_review
    for each statement execute function ops.refuse_change();
create trigger keep before update or delete or truncate on ledger.review
    for each statement execute function ops.refuse_change();

-- The sheet as it stands: the mart's rows, the hash of each, and who signed exactly that.
create function ledger.reconciliation_sheet()
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

-- A preparer signs what he saw. An unexplained difference takes words that explain it.
create function ledger.prepare_reconciliation(
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

-- Another person reviews it, while it still is what was prepared.
create function ledger.review_reconciliation(p_reconciliation_id bigint, p_content_hash text)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_person();
    if not exists (
        select from ledger.reconciliation_sheet() as sheet
        where sheet.reconciliation_id = p_reconciliation_id
          and sheet.content_hash = p_content_hash) then
        raise exception 'TIEOUT CONTENT: reconciliation % is not what was seen',
            p_reconciliation_id;
    elsif exists (select from ledger.reconciliation_review
                  where reconciliation_id = p_reconciliation_id) then
        raise exception 'TIEOUT STATE: reconciliation % is reviewed already', p_reconciliation_id;
    end if;
    insert into ledger.reconciliation_review (reconciliation_id) values (p_reconciliation_id);
    perform ledger.write_audit('review reconciliation', null, null, null, jsonb_build_object(
        'reconciliation_id', p_reconciliation_id, 'content_hash', p_content_hash));
end $$;

-- A list (of accesses, say) was looked at by an approver or an auditor.
create function ledger.sign_review(p_subject text, p_content_hash text, p_note text)
returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    made bigint;
begin
    if ledger.basis_of(session_user) is distinct from 'person'
       and not pg_has_role(session_user, ':prefix_auditor', 'member') then
        raise exception 'TIEOUT NOT_A_PERSON: % is no approver and no auditor', session_user;
    end if;
    insert into ledger.review (subject, content_hash, note)
    values (p_subject, p_content_hash, coalesce(p_note, '')) returning review_id into made;
    perform ledger.write_audit('review', null, null, null, jsonb_build_object(
        'review_id', made, 'subject', p_subject, 'content_hash', p_content_hash));
    return made;
end $$;

grant select on ledger.reconciliation, ledger.reconciliation_review, ledger.review
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
revoke all on function ledger.guard_reconciliation(), ledger.guard_reconciliation_review(),
    ledger.guard_review(), ledger.reconciliation_sheet(),
    ledger.prepare_reconciliation(text, text, text, text),
    ledger.review_reconciliation(bigint, text), ledger.sign_review(text, text, text) from public;
grant execute on function ledger.reconciliation_sheet()
    to :prefix_preparer, :prefix_approver, :prefix_auditor;
grant execute on function ledger.prepare_reconciliation(text, text, text, text)
    to :prefix_preparer, :prefix_approver;
grant execute on function ledger.review_reconciliation(bigint, text) to :prefix_approver;
grant execute on function ledger.sign_review(text, text, text)
    to :prefix_approver, :prefix_auditor;
