-- The hash of a request. Fields that older requests did not have enter it only where they have a
-- value.
create or replace function ledger.request_hash(held ledger.request) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws(chr(31), held.event, held.entity_code,
        held.subject_key, held.amount::text, held.reason, coalesce(held.attachment_sha256, ''),
        coalesce(held.tender, ''), held.requested_by, nullif(jsonb_strip_nulls(jsonb_build_object(
            'reason_code', held.reason_code, 'attachment_size', held.attachment_size,
            'attachment_type', held.attachment_type, 'payee', held.payee,
            'other_tender_reason', held.other_tender_reason, 'account_key', held.account_key,
            'accounting_date', held.accounting_date, 'is_auto_reversed', held.is_auto_reversed,
            'reverses_request_id', held.reverses_request_id,
            'approval_class', held.approval_class, 'lines', held.lines))::text, '{}')),
        'UTF8')), 'hex')
$$;
