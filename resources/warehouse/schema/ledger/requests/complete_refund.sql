-- Completes a refund: its tender is the payment's, or a reason says why not.
create or replace function ledger.complete_refund(asked ledger.request) returns ledger.request
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    left_over numeric;
begin
    if asked.payee is null and asked.event = 'refund.patient.approved' then
        asked.payee := 'patient';
    end if;
    if asked.tender is null then
        raise exception 'TIEOUT TENDER: a refund says how it is paid';
    elsif asked.payee is null then
        raise exception 'TIEOUT PAYEE: a refund says who gets it';
    end if;
    if asked.payee <> 'patient' and not exists (
        select from ledger.payer where payer_code = asked.payee) then
        raise exception 'TIEOUT PAYEE: not a payer of the list';
    end if;
    left_over := ledger.paid_by_tender(asked.event, asked.entity_code, asked.subject_key, asked.payee,
                                asked.tender);
    if asked.other_tender_reason is null and asked.amount > left_over then
        raise exception 'TIEOUT OTHER_TENDER: more than the % that % paid in by % and has not '
            'got back; another way needs a reason of its own', left_over, asked.payee,
            asked.tender;
    end if;
    return asked;
end $$;
