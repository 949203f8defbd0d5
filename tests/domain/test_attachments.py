"""Documents behind requests: kept whole, given back whole, and refused with words that tell."""

import pytest

from resources.archive import Archive
from resources.attachments import MOST_BYTES, AttachmentError, give_back, keep, read_attachment

pytestmark = pytest.mark.promise(
    "A document behind a request comes back byte for byte, or its change is reported"
)


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive")


@pytest.fixture
def kept(archive, tmp_path):
    path = tmp_path / "letter.pdf"
    path.write_bytes(b"%PDF the payer's letter")
    document = read_attachment(path)
    keep(archive, document)
    return document


def test_a_document_has_its_hash_its_size_and_its_type(kept):
    assert (kept.size_bytes, kept.media_type) == (23, "application/pdf")
    assert "letter" not in repr(kept)


def test_an_ending_that_nobody_knows_is_a_type_too(tmp_path):
    path = tmp_path / "scan.unknown-ending"
    path.write_bytes(b"x")
    assert read_attachment(path).media_type == "application/octet-stream"


def test_a_document_comes_back_as_it_went_in(archive, kept, tmp_path):
    assert give_back(archive, kept.sha256, kept.size_bytes, tmp_path / "back.pdf") == 23
    assert (tmp_path / "back.pdf").read_bytes() == kept.content


def test_a_file_that_exists_is_not_written_over(archive, kept, tmp_path):
    target = tmp_path / "back.pdf"
    target.write_bytes(b"mine")
    with pytest.raises(AttachmentError, match="cannot be written: File exists"):
        give_back(archive, kept.sha256, kept.size_bytes, target)
    assert target.read_bytes() == b"mine"


def test_a_changed_document_is_not_given_back(archive, kept, tmp_path):
    stored = archive.root / kept.sha256[:2] / kept.sha256
    stored.chmod(0o600)
    stored.write_bytes(b"another letter")
    with pytest.raises(AttachmentError, match="has changed"):
        give_back(archive, kept.sha256, kept.size_bytes, tmp_path / "back.pdf")
    assert not (tmp_path / "back.pdf").exists()


def test_a_document_that_is_not_there_is_told(archive, tmp_path):
    with pytest.raises(AttachmentError, match="does not hold"):
        give_back(archive, "0" * 64, None, tmp_path / "back.pdf")


def test_another_size_than_the_request_says_is_told(archive, kept, tmp_path):
    with pytest.raises(AttachmentError, match="24 bytes, not 23"):
        give_back(archive, kept.sha256, 24, tmp_path / "back.pdf")


def test_what_is_missing_empty_or_too_large_is_refused(tmp_path):
    with pytest.raises(AttachmentError, match="No such file"):
        read_attachment(tmp_path / "none.pdf")
    path = tmp_path / "letter.pdf"
    path.write_bytes(b"")
    with pytest.raises(AttachmentError, match="empty"):
        read_attachment(path)
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(AttachmentError, match=r"larger than 10,485,760 bytes"):
        read_attachment(path)
