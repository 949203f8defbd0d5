-- Requests an entry on chosen accounts. A line is {account, debit or credit, key, facility_code,
-- payer_class, memo}; with `p_reverses` the lines are those of that request with sides
-- exchanged.
create or replace function ledger.ask_entry(
    p_entity text, p_accounting_date date, p_lines jsonb, p_reason_code text, p_reason text,
    p_is_auto_reversed boolean default false, p_reverses bigint default null,
    p_attachment_sha256 text default null, p_attachment_size bigint default null,
    p_attachment_type text default null
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    made bigint;
begin
    insert into ledger.request (event, entity_code, subject_key, amount, reason, reason_code,
        accounting_date, lines, is_auto_reversed, reverses_request_id, attachment_sha256,
        attachment_size, attachment_type, content_hash, requested_by, requested_at)
    values ((select event from ledger.request_kind where subject = 'entry'), p_entity, '', 0,
        p_reason, p_reason_code, p_accounting_date, p_lines, p_is_auto_reversed, p_reverses,
        p_attachment_sha256, p_attachment_size, p_attachment_type, '', session_user,
        clock_timestamp())
    returning request_id into made;
    return made;
end $$;
