-- Who may see and write which zone. The matrix itself is governance/roles.yaml. (Who may enter the
-- database is said by migrate.py: a clone of a database keeps its objects, not its own grants.)
-- raw, staging, intermediate hold patient data; seeds, marts, ops and ledger do not.
revoke all on schema public from public;
alter default privileges for role :prefix_owner revoke execute on functions from public;

-- The zones that dbt builds belong to the role that runs it.
reset role;
create schema seeds authorization :prefix_transform;
create schema staging authorization :prefix_transform;
create schema intermediate authorization :prefix_transform;
create schema marts authorization :prefix_transform;
alter default privileges for role :prefix_transform in schema seeds
    grant select on tables to :prefix_bi_reader, :prefix_auditor, :prefix_owner;
alter default privileges for role :prefix_transform in schema intermediate
    grant select on tables to :prefix_owner;
alter default privileges for role :prefix_transform in schema marts
    grant select on tables to :prefix_bi_reader, :prefix_auditor, :prefix_owner,
        :prefix_preparer, :prefix_approver, :prefix_poster;
grant usage on schema seeds to :prefix_bi_reader, :prefix_auditor, :prefix_owner;
grant usage on schema intermediate to :prefix_owner;
grant usage on schema marts to :prefix_bi_reader, :prefix_auditor, :prefix_owner,
    :prefix_preparer, :prefix_approver, :prefix_poster;
set local role :prefix_owner;

-- Landing adds and never changes what was received.
grant usage on schema raw to :prefix_ingest, :prefix_transform;
grant select, insert on all tables in schema raw to :prefix_ingest;
grant select on all tables in schema raw to :prefix_transform;

grant usage on schema ops to :prefix_ingest, :prefix_transform, :prefix_preparer,
    :prefix_approver, :prefix_poster, :prefix_auditor;
grant select on all tables in schema ops to :prefix_ingest, :prefix_transform, :prefix_preparer,
    :prefix_approver, :prefix_poster, :prefix_auditor;
grant insert, update on ops.received_file, ops.file_sighting, ops.fetch_mark, ops.exception
    to :prefix_ingest;
grant insert, update on ops.build, ops.check_result to :prefix_transform;
grant insert, update, delete on ops.expected_check to :prefix_transform;
