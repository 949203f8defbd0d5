create table ledger.installation (
    only_row boolean default true primary key check (only_row),
    installation_id uuid not null default gen_random_uuid(),
    -- of one ERP document
    entry_lines integer not null default 10000 check (entry_lines > 1),
    most_attempts integer not null default 12 check (most_attempts >= 1),
    -- of the ERP, as setting up found it: the least that a sender may ask for, and whether the
    -- ERP refuses a second document with one reference
    lease_seconds numeric not null default 600 check (lease_seconds >= 0),
    quiet_seconds numeric not null default 600 check (quiet_seconds >= 0),
    has_unique_reference boolean not null default false
);

-- Policy, loaded from governance/ by the administrator.
create table ledger.account (
    account text primary key,
    name text not null,
    account_type text not null,
    normal_side text not null check (normal_side in ('D', 'C')),
    reaches_erp boolean not null,
    -- Accounts that must be zero at close (posting suspense), as the chart of accounts says.
    must_clear boolean not null default false,
    -- The sub-ledger key of each account, from the chart; null where it has none.
    control text
);

create table ledger.transition (
    from_state text,
    to_state text,
    primary key (from_state, to_state)
);

-- Approval policy in versions: each load of another file is a set of rows of its own, which nobody
-- changes afterwards. What stands is the newest; an approval names the one that it was given under.
create table ledger.policy (
    policy_id bigint generated always as identity primary key,
    -- SHA-256 of the file
    policy_version text not null check (policy_version ~ '^[0-9a-f]{64}$'),
    delegation_days integer not null check (delegation_days >= 0),
    -- what still posts into a softly closed period
    soft_classes text[] not null,
    -- with a signature of one who holds this
    soft_role text not null,
    -- approves closing and reopening
    period_role text not null,
    waiver_role text not null,
    refused_tolerance numeric(14,2) not null check (refused_tolerance >= 0),
    error_amount numeric(14,2) not null check (error_amount >= 0),
    error_role text not null,
    -- what changed inputs may take back or add for known evidence, gross, within the days
    change_amount numeric(14,2) not null check (change_amount >= 0),
    change_days integer not null check (change_days >= 0),
    loaded_by text not null,
    loaded_at timestamptz not null,
    made_by_xid xid8 not null
);

create table ledger.policy_class (
    policy_id bigint references ledger.policy,
    approval_class text,
    basis text not null check (basis in ('policy', 'person')),
    signatures integer not null check (signatures >= 1),
    -- one of the signatures, at least, is of this role
    includes_role text,
    primary key (policy_id, approval_class)
);

create table ledger.policy_role (
    policy_id bigint references ledger.policy,
    role text,
    login text,
    primary key (policy_id, role, login)
);

create table ledger.policy_conflict (
    policy_id bigint references ledger.policy,
    role text,
    other_role text,
    check (other_role <> role),
    primary key (policy_id, role, other_role)
);

create table ledger.policy_limit (
    policy_id bigint references ledger.policy,
    limit_id text,
    role text,
    person text,
    -- null: all
    approval_classes text[],
    effective_from date not null,
    effective_to date,
    -- null: no limit
    event_amount numeric(14,2) check (event_amount > 0),
    entry_amount numeric(14,2) check (entry_amount > 0),
    account_day_amount numeric(14,2) check (account_day_amount > 0),
    check (effective_to >= effective_from),
    check ((role is null) <> (person is null)),
    primary key (policy_id, limit_id)
);

create table ledger.policy_delegation (
    policy_id bigint references ledger.policy,
    delegation_id text,
    from_login text not null,
    to_login text not null,
    approval_classes text[] not null check (cardinality(approval_classes) > 0),
    effective_from date not null,
    effective_to date not null,
    check (to_login <> from_login),
    check (effective_to >= effective_from),
    primary key (policy_id, delegation_id)
);

create table ledger.policy_correction (
    policy_id bigint references ledger.policy,
    rule text,
    correction_class text not null check (correction_class in ('new_information',
        'change_of_estimate', 'error', 'change_of_principle')),
    primary key (policy_id, rule)
);

-- Who mends what holds an entry.
create table ledger.hold_owner (
    code text primary key,
    owner text not null
);

-- Who decides on requests, and up to which amounts: part of each version of the approval policy.
create table ledger.policy_request (
    policy_id bigint primary key references ledger.policy,
    -- requests for one account are added up over these
    days integer not null check (days > 0),
    -- decides on refunds to another payee or tender
    other_tender_role text not null,
    -- approval class of entries on chosen accounts
    manual_class text not null,
    manual_above numeric(14,2) not null check (manual_above >= 0),
    -- and of those with more debits than that
    manual_class_above text not null,
    reason_codes text[] not null check (cardinality(reason_codes) > 0)
);

create table ledger.policy_request_limit (
    policy_id bigint references ledger.policy,
    limit_id text,
    role text not null,
    -- null: all that no other row of the role names
    events text[],
    -- null: no limit
    amount numeric(14,2) check (amount > 0),
    day_amount numeric(14,2) check (day_amount > 0),
    primary key (policy_id, limit_id)
);

-- The largest amount that anybody may ask for, by event.
create table ledger.policy_request_ceiling (
    policy_id bigint references ledger.policy,
    event text,
    amount numeric(14,2) not null check (amount > 0),
    primary key (policy_id, event)
);

-- The payers that a refund may go to, loaded from the list of payers.
create table ledger.payer (
    payer_code text primary key
);

-- What was loaded into this database, by whom, and whether policy then asked for a release.
create table ledger.rule_deployment (
    deployment_id bigint generated always as identity primary key,
    rule_set_hash text not null check (rule_set_hash ~ '^[0-9a-f]{64}$'),
    code_hash text not null check (code_hash ~ '^[0-9a-f]{64}$'),
    release_required boolean not null,
    -- the first deployment of a database: its rules and code are released by setting up
    is_set_up boolean not null,
    deployer text not null,
    deployed_at timestamptz not null
);
create index rule_deployment_rule_set_hash_code_hash_idx on ledger.rule_deployment (rule_set_hash,
    code_hash);

create table ledger.rule_release (
    release_id bigint generated always as identity primary key,
    rule_set_hash text not null check (rule_set_hash ~ '^[0-9a-f]{64}$'),
    code_hash text not null check (code_hash ~ '^[0-9a-f]{64}$'),
    -- SHA-256 of each file of the rule set by its path
    files jsonb not null,
    reason text not null check (length(btrim(reason)) >= 10 and length(btrim(reason)) <= 500),
    author text not null,
    asked_at timestamptz not null
);
create index rule_release_rule_set_hash_code_hash_idx on ledger.rule_release (rule_set_hash,
    code_hash);

create table ledger.rule_release_act (
    act_id bigint generated always as identity primary key,
    -- one act ends it
    release_id bigint not null unique references ledger.rule_release,
    act text not null check (act in ('approved', 'refused', 'withdrawn')),
    -- what whoever acts has seen
    rule_set_hash text not null,
    code_hash text not null,
    reason text not null default '',
    actor text not null,
    acted_at timestamptz not null
);
