-- An approver or auditor signs that a list (say of accesses) was reviewed.
create or replace function ledger.sign_review(p_subject text, p_content_hash text, p_note text)
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
