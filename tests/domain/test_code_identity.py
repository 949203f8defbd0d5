"""What names rules and code: the content of their files, and nothing else."""

import pytest

from billing.governance.release import changes, files_hash
from resources.code_identity import identity

pytestmark = pytest.mark.promise(
    "Rules and code are named by the content of their files and nothing else"
)

FILES = {
    "dbt_project/seeds/a.csv": "a",
    "governance/b.yaml": "b",
    "billing/c.py": "c",
    "dbt_project/models/d.sql": "d",
    "dbt_project/target/e.sql": "e",
    "dbt_project/.user.yml": "f",
}


def made(root):
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_what_runs_here_is_named_by_the_content_of_its_files(tmp_path):
    first = identity(root=made(tmp_path))
    assert set(first.rules) == {"dbt_project/seeds/a.csv", "governance/b.yaml"}
    assert set(first.code) == {"billing/c.py", "dbt_project/models/d.sql"}
    (tmp_path / "dbt_project/seeds/a.csv").write_text("other")
    second = identity(root=tmp_path)
    assert (second.rule_set_hash == first.rule_set_hash, second.code_hash == first.code_hash) == (
        False,
        True,
    )
    (tmp_path / "dbt_project/models/d.sql").write_text("other")
    assert identity(root=tmp_path).code_hash != first.code_hash


def test_policy_files_of_another_folder_are_those_that_count(tmp_path):
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "b.yaml").write_text("other")
    here = identity(root=made(tmp_path))
    assert set(identity(other, tmp_path).rules) == set(here.rules)
    assert identity(other, tmp_path).rule_set_hash != here.rule_set_hash


def test_a_rule_set_has_the_hash_of_its_lines_whatever_their_order():
    # printf 'a.csv 1\nb.csv 2' | sha256sum
    expected = "d22781e28f103361654b500e981802a29423be366e71e519b65d03db9864ec6d"
    assert files_hash({"b.csv": "2", "a.csv": "1"}) == expected
    assert files_hash({"a.csv": "1", "b.csv": "2"}) == expected


def test_files_that_differ_are_told_apart():
    before, after = {"a": "1", "b": "1", "c": "1"}, {"b": "1", "c": "2", "d": "1"}
    assert changes(before, after) == {"a": "gone", "c": "changed", "d": "added"}
