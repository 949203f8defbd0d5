-- The text of an event that enters the content hash of its entry.
create or replace function ledger.event_text(line_no integer, line_id text, event_id text,
    event text, rule text, rule_version text, account text, signed_amount numeric,
    entity_code text, facility_code text, payer_class text, claim_key text, account_key text,
    control_key text, original_date date, evidence_hash text, file_id uuid, segment integer)
    returns text
language sql stable parallel safe as $$
    select concat_ws(chr(31), line_no::text, line_id, event_id, event, rule, rule_version, account,
        signed_amount::text, entity_code, coalesce(facility_code, chr(30)),
        coalesce(payer_class, chr(30)), coalesce(claim_key, chr(30)),
        coalesce(account_key, chr(30)), coalesce(control_key, chr(30)), original_date::text,
        evidence_hash, coalesce(file_id::text, chr(30)), coalesce(segment::text, chr(30)))
$$;
