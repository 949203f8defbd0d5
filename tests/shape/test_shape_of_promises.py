"""Every test file names a promise, and the page of promises is what the markers say."""

import pytest

from tests import promises as page

pytestmark = pytest.mark.promise(
    "Every promise of the product is listed with the tests that hold it",
)

# Each needs an environment, an SSH server or a second build of its own: minutes for one sentence.
LONG_ALONE = {
    "With own sources configured a run takes from them and starts no sandbox.",
    "Every public X12 file on OpenSSH ends as posted, memo or exception with its dollars.",
    "Every tie-out holds over public X12 files.",
    "A source that is away stops neither the run nor the other sources, and is listed.",
    "A file that grows after it was taken counts nothing twice.",
    "A fresh machine gets its environment by one command and keeps it.",
    "An environment that was left half made is mended by the same command.",
    "Every tie-out holds over own files.",
}


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
    alone = {text for text, holders in promises.items() if all(h.is_long for h in holders)}
    assert alone == LONG_ALONE
