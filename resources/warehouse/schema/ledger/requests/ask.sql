-- A person requests a write-off, refund or the like; returns the number of the request.
create or replace function ledger.ask(
    p_event text, p_entity text, p_subject_key text, p_amount numeric, p_reason text,
    p_attachment_sha256 text default null, p_tender text default null,
    p_attachment_size bigint default null, p_attachment_type text default null,
    p_reason_code text default null, p_payee text default null,
    p_other_tender_reason text default null
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    made bigint;
begin
    perform from ledger.request_kind where event = p_event and subject <> 'entry';
    if not found then
        raise exception 'TIEOUT KIND: nobody decides on %', p_event;
    end if;
    insert into ledger.request (event, entity_code, subject_key, amount, reason,
        attachment_sha256, tender, attachment_size, attachment_type, reason_code, payee,
        other_tender_reason, content_hash, requested_by, requested_at)
    values (p_event, p_entity, p_subject_key, p_amount, p_reason, p_attachment_sha256, p_tender,
        p_attachment_size, p_attachment_type, p_reason_code, p_payee, p_other_tender_reason,
        '', session_user, clock_timestamp())
    returning request_id into made;
    return made;
end $$;
