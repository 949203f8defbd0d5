-- Loads a policy file as a new version, unless it is the newest already. For the administrator.
create or replace function ledger.load_policy(p_version text, p_file jsonb) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    made bigint;
begin
    perform pg_advisory_xact_lock(7103004);
    if exists (select from ledger.policy where policy_id = ledger.policy_id()
               and policy_version = p_version) then
        return false;
    end if;
    insert into ledger.policy (policy_version, delegation_days, soft_classes, soft_role,
        period_role, waiver_role, refused_tolerance, error_amount, error_role, change_amount,
        change_days)
    select p_version, delegation_days, soft_classes, soft_role, period_role, waiver_role,
           refused_tolerance, error_amount, error_role, change_amount, change_days
    from jsonb_populate_record(null::ledger.policy, p_file -> 'settings')
    returning policy_id into made;
    insert into ledger.policy_class
    select made, approval_class, basis, signatures, includes_role
    from jsonb_populate_recordset(null::ledger.policy_class, p_file -> 'classes');
    insert into ledger.policy_role
    select made, role, login
    from jsonb_populate_recordset(null::ledger.policy_role, p_file -> 'roles');
    insert into ledger.policy_conflict
    select made, role, other_role
    from jsonb_populate_recordset(null::ledger.policy_conflict, p_file -> 'conflicts');
    insert into ledger.policy_limit
    select made, limit_id, role, person, approval_classes, effective_from, effective_to,
           event_amount, entry_amount, account_day_amount
    from jsonb_populate_recordset(null::ledger.policy_limit, p_file -> 'limits');
    insert into ledger.policy_delegation
    select made, delegation_id, from_login, to_login, approval_classes, effective_from,
           effective_to
    from jsonb_populate_recordset(null::ledger.policy_delegation, p_file -> 'delegations');
    insert into ledger.policy_correction
    select made, rule, correction_class
    from jsonb_populate_recordset(null::ledger.policy_correction, p_file -> 'corrections');
    if p_file ? 'requests' then
        insert into ledger.policy_request
        select made, days, other_tender_role, manual_class, manual_above, manual_class_above,
               reason_codes
        from jsonb_populate_record(null::ledger.policy_request, p_file -> 'requests');
        insert into ledger.policy_request_limit
        select made, limit_id, role, events, amount, day_amount
        from jsonb_populate_recordset(null::ledger.policy_request_limit,
            p_file -> 'request_limits');
        insert into ledger.policy_request_ceiling
        select made, event, amount
        from jsonb_populate_recordset(null::ledger.policy_request_ceiling,
            p_file -> 'request_ceilings');
    end if;
    return true;
end $$;
