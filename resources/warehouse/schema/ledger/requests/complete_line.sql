-- Completes one line of a manual entry: its keys by what its account is kept by, and the
-- facility and payer class of the account that it names, where none is given.
create or replace function ledger.complete_line(
    p_entity text, p_reason_code text, p_no bigint, asked jsonb
)
returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    chart ledger.account;
    value numeric := coalesce((asked ->> 'debit')::numeric, 0)
                     - coalesce((asked ->> 'credit')::numeric, 0);
    key text := nullif(btrim(asked ->> 'key'), '');
    claim text;
    patient text;
    known record;
begin
    select * into chart from ledger.account where account = asked ->> 'account';
    if chart.account is null or not chart.reaches_erp then
        raise exception 'TIEOUT ACCOUNT: line %: not an account of the chart that is posted', p_no;
    elsif (asked ->> 'debit')::numeric < 0 or (asked ->> 'credit')::numeric < 0 or value = 0
        or ((asked ->> 'debit')::numeric > 0 and (asked ->> 'credit')::numeric > 0)
        or value = 'NaN' or value <> round(value, 2) then
        raise exception 'TIEOUT AMOUNT: line %: either a debit or a credit, in whole cents', p_no;
    elsif chart.account = '1010' and p_reason_code not like 'BANK%' then
        raise exception 'TIEOUT CASH: line %: 1010 needs a reason code of the bank', p_no;
    elsif chart.control is not null and key is null then
        raise exception 'TIEOUT KEY: line %: % is kept by %, and the line names none',
            p_no, chart.account, chart.control;
    elsif length(asked ->> 'memo') > 100 then
        raise exception 'TIEOUT MEMO: line %: at most 100 characters', p_no;
    end if;
    perform ledger.check_text(asked ->> 'memo', 'the memo of line ' || p_no);
    claim := case when chart.control = 'claim' then ledger.claim_named(p_entity, key) end;
    patient := case when chart.control = 'claim' then ledger.account_of(p_entity, claim)
                    when chart.control in ('account', 'plan') then key end;
    select facility_code, payer_class into known from ledger.desired_line
    where account_key = patient and entity_code = p_entity
    order by original_date desc, line_id limit 1;
    if (chart.control = 'claim' and claim is null)
       or (chart.control in ('account', 'plan') and known is null) then
        raise exception 'TIEOUT KEY: line %: the books know no such %', p_no, chart.control;
    end if;
    known.facility_code := coalesce(nullif(asked ->> 'facility_code', ''), known.facility_code,
                                    'NONE');
    known.payer_class := coalesce(nullif(asked ->> 'payer_class', ''), known.payer_class, 'none');
    if known.payer_class !~ '^[a-z_]{2,40}$' or (known.facility_code <> 'NONE' and not exists (
            select from ops.facility where facility_code = known.facility_code
            and entity_code = p_entity)) then
        raise exception 'TIEOUT DIMENSION: line %: not a facility or payer class of %',
            p_no, p_entity;
    end if;
    return jsonb_strip_nulls(jsonb_build_object('line_no', p_no, 'account', chart.account,
        'facility_code', known.facility_code, 'payer_class', known.payer_class,
        'signed_amount', value::numeric(14, 2), 'claim_key', claim, 'account_key', patient,
        'control_key', case when claim is null and patient is null then key end,
        'memo', nullif(btrim(asked ->> 'memo'), '')));
end $$;
