"""The dbt project itself: unit tests with hand-worked numbers, and what every model must say."""

import json
from typing import Any

import pytest

from resources.dbt_runner import QUIET

LAYERS = ("staging", "intermediate", "marts", "seeds")
UNIT_TESTS = [*QUIET, "test", "--select", "test_type:unit"]
pytestmark = pytest.mark.xdist_group("small_world")


@pytest.fixture(scope="module")
def manifest(small_world: Any) -> dict[str, Any]:
    return json.loads(small_world.runner.manifest_path.read_text())


def _nodes(manifest: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] in kinds]


@pytest.mark.promise("Every mart has a unit test with hand-worked numbers, and all of them pass")
def test_every_unit_test_passes(small_world):
    small_world.runner.run(["--select", "tag:post", "--exclude-resource-type", "test"])
    found = small_world.runner._invoke(
        UNIT_TESTS, small_world.runner._manifest(), small_world.runner._variables()
    )
    ended = {result.node.name: str(result.status) for result in found.result.results}
    assert len(ended) >= 13
    assert {
        name: status for name, status in ended.items() if status not in ("pass", "success")
    } == {}


@pytest.mark.promise("a build is planned on statistics of what it reads")
def test_every_table_of_a_build_has_statistics(small_world):
    unknown = small_world.rows(
        "select relnamespace::regnamespace || '.' || relname from pg_class"
        " where relkind = 'r' and reltuples < 0"
        " and relnamespace::regnamespace::text in ('seeds', 'staging', 'intermediate', 'marts')"
    )
    assert unknown == []
    assert small_world.rows(
        "select from pg_class where oid = 'raw.claim'::regclass and reltuples > 0"
    )


@pytest.mark.promise(
    "Every model and seed says what a row is, who owns it and whether it names patients"
)
def test_every_model_and_seed_says_what_a_row_is_and_who_owns_it(manifest):
    silent = [
        node["name"]
        for node in _nodes(manifest, "model", "seed")
        if not node["description"].startswith(("One row", "One row:"))
        or not node["config"]["meta"].get("owner", "").startswith("team:")
        or node["config"]["meta"].get("phi") not in ("yes", "no")
        or not node["config"].get("group")
        or node["schema"] not in LAYERS
    ]
    assert silent == []


@pytest.mark.promise("Every mart has an enforced contract, a grain test and described columns")
def test_every_mart_has_a_contract_a_grain_test_and_described_columns(manifest):
    tested = {
        node["attached_node"]
        for node in _nodes(manifest, "test")
        if node.get("test_metadata", {}).get("name") in ("unique_combination", "unique")
    }
    weak = [
        node["name"]
        for node in _nodes(manifest, "model")
        if node["schema"] == "marts"
        and not (
            node["config"]["contract"]["enforced"]
            and node["unique_id"] in tested
            and node["columns"]
            and all(column["description"] for column in node["columns"].values())
        )
    ]
    assert weak == []


@pytest.mark.promise("Every mart has a unit test with hand-worked numbers, and all of them pass")
def test_every_mart_but_the_certificate_has_a_unit_test(manifest):
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    marts = {node["name"] for node in _nodes(manifest, "model") if node["schema"] == "marts"}
    # The certificate's view stands on a database function and has no input to replace.
    assert marts - tested == {"mart_close_certificate"}


@pytest.mark.promise("Marts read no raw data and are declared free of patient data")
def test_marts_do_not_read_raw_data(manifest):
    sources = {
        node["name"]: [parent for parent in node["depends_on"]["nodes"] if ".raw." in parent]
        for node in _nodes(manifest, "model")
        if node["schema"] in ("marts", "intermediate")
    }
    assert {name: parents for name, parents in sources.items() if parents} == {}


@pytest.mark.promise("Marts read no raw data and are declared free of patient data")
def test_marts_hold_no_patient_data_by_their_own_word(manifest):
    assert {
        node["config"]["meta"]["phi"]
        for node in _nodes(manifest, "model")
        if node["schema"] == "marts"
    } == {"no"}


@pytest.mark.promise("The close certificate lists failed checks and checks that never ran")
def test_the_certificate_shows_failed_and_missing_checks(small_world):
    with small_world.connection.transaction(force_rollback=True):
        run = small_world.connection.execute
        run(
            "insert into ops.build (build_id, as_of_date, started_at)"
            " values ('b1', '2026-10-31', now())"
        )
        expected = [("ran", "dbt_test"), ("broke", "tie_out"), ("never", "expectation")]
        run("set local role tieout_test_owner")
        for check in expected:
            run("insert into ops.expected_check values (%s, %s, 'error', true)", check)
        run("reset role")
        run(
            "insert into ops.check_result (build_id, check_id, kind, severity, is_blocking,"
            " has_passed, left_amount, right_amount, difference) values"
            " ('b1', 'ran', 'dbt_test', 'error', true, true, null, null, null),"
            " ('b1', 'broke', 'tie_out', 'error', true, false, 10.00, 9.99, 0.01)"
        )
        found = small_world.rows(
            "select check_id, status, difference_amount::text from marts.mart_close_certificate"
            " order by check_id"
        )
    assert found == [
        ("broke", "failed", "0.01"),
        ("never", "missing", None),
        ("ran", "passed", None),
    ]
