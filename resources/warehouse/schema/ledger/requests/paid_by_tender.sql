-- What a payee paid by a tender for an account or claim, less refunds by that tender that are
-- recorded or requested: the larger of both, since an approved refund is paid out later.
create or replace function ledger.paid_by_tender(
    p_event text, p_entity text, p_subject_key text, p_payee text, p_tender text
) returns numeric
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    paid numeric;
    refunded numeric;
    asked numeric;
begin
    select coalesce(sum(paid_amount), 0), coalesce(sum(refunded_amount), 0) into paid, refunded
    from ledger.payment_by_tender
    where subject = (select subject from ledger.request_kind where event = p_event)
      and (entity_code, subject_key, payee, tender)
          = (p_entity, p_subject_key, p_payee, p_tender);
    select coalesce(sum(amount), 0) into asked
    from ledger.request_state
    where starts_with(event, 'refund.') and state in ('open', 'approved')
      and (entity_code, subject_key, payee, tender)
          = (p_entity, p_subject_key, p_payee, p_tender);
    return greatest(paid - greatest(refunded, asked), 0);
end $$;
