"""The test run itself: what shares a state runs on one worker."""

import pytest


@pytest.mark.promise("Tests that share a state run on one worker, so that it is made once")
def test_xdist_knows_the_group_of_a_file(request: pytest.FixtureRequest) -> None:
    """Xdist 3.8 writes a group into a name that pytest 9.2 no longer reads, and says nothing."""
    if not hasattr(request.config, "workerinput"):
        pytest.skip("one process runs all tests")
    assert request.node.nodeid.endswith("@test_groups_of_tests")
