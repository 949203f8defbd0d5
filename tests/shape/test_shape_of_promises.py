"""Every test file names a promise, and the page of promises is what the markers say."""

import pytest

from tests import promises as page

pytestmark = pytest.mark.promise(
    "Every promise of the product is listed with the tests that hold it",
)


@pytest.fixture(scope="module")
def promises() -> dict:
    """The promises of all tests, read from their markers once."""
    return page.read_promises(page.test_files())


def test_the_page_of_promises_is_current(promises):
    written = page.PAGE.read_text(encoding="utf-8") if page.PAGE.exists() else ""
    assert written == page.render(promises), (
        "docs/why/promises.md is not current: run make promises"
    )


def test_every_test_file_names_a_promise(promises):
    named = {holder.path for holders in promises.values() for holder in holders}
    files = [path.relative_to(page.ROOT).as_posix() for path in page.test_files()]
    assert [name for name in files if name not in named] == []


def test_no_promise_is_held_by_long_tests_alone(promises):
    alone = [text for text, holders in promises.items() if all(h.is_long for h in holders)]
    assert alone == []
