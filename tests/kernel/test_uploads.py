"""A file is what its content says: what is named otherwise, broken or hostile is refused with a reason."""

from __future__ import annotations

import pytest

from hub.envelopes import MOST_PARTS
from hub.uploads import MAX_BYTES, P7M, BadUpload, check_upload, signed_pdf
from hub.uploads import PDF as PDF_TYPE
from tests.support.papers import PDF, in_base64, signed, signed_elsewhere


def pem(content: bytes) -> bytes:
    return b"-----BEGIN PKCS7-----\n" + in_base64(content) + b"-----END PKCS7-----\n"


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("statuto.pdf", PDF, PDF_TYPE),
        ("STATUTO.PDF", PDF, PDF_TYPE),
        ("statuto.pdf.p7m", signed(), P7M),
        ("statuto.p7m", in_base64(signed()), P7M),
        ("statuto.p7m", pem(signed()), P7M),
        ("due firme.pdf.p7m.p7m", signed(signed()), P7M),
    ],
)
def test_pdf_and_signed_pdf_are_taken(name: str, content: bytes, media_type: str) -> None:
    checked = check_upload(name, content)
    assert (checked.name, checked.media_type) == (name, media_type)


def test_a_signed_pdf_is_found_inside() -> None:
    assert signed_pdf(in_base64(signed(signed()))) == PDF


def in_parts(content: bytes, size: int) -> bytes:
    """As signing programs write it while they read: without lengths, the content in parts of `size` octets."""

    def part(octets: bytes) -> bytes:
        return b"\x04\x82" + len(octets).to_bytes(2, "big") + octets

    def without_length(tag: int, inside: bytes) -> bytes:
        return bytes([tag, 0x80]) + inside + b"\x00\x00"

    signed_data, data = (
        bytes.fromhex("06092a864886f70d010702"),
        bytes.fromhex("06092a864886f70d010701"),
    )
    parts = b"".join(part(content[at : at + size]) for at in range(0, len(content), size))
    held = without_length(0x30, data + without_length(0xA0, without_length(0x24, parts)))
    signers = b"\x31\x02\x30\x00"
    body = without_length(0x30, b"\x02\x01\x01\x31\x00" + held + signers)
    return without_length(0x30, signed_data + without_length(0xA0, body))


@pytest.mark.parametrize("size", [1, 20, 1000])
def test_a_content_in_parts_is_put_together(size: int) -> None:
    assert signed_pdf(in_parts(PDF, size)) == PDF


def test_an_envelope_in_parts_that_breaks_off_is_refused() -> None:
    whole = in_parts(PDF, 20)
    assert [size for size in range(len(whole)) if signed_pdf(whole[:size]) is not None] == []


def test_so_many_parts_that_putting_them_together_takes_long_are_refused() -> None:
    long = PDF[:9] + b" " * MOST_PARTS + PDF[9:]
    assert signed_pdf(in_parts(long, 100)) == long
    assert signed_pdf(in_parts(long, 1)) is None


def test_a_pdf_that_speaks_of_pem_is_found_in_its_envelope() -> None:
    spoken = PDF[:9] + pem(b"0") + PDF[9:]
    assert signed_pdf(signed(spoken)) == spoken


def nested(depth: int) -> bytes:
    content = PDF
    for _ in range(depth):
        content = signed(content)
    return content


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.pdf", b"", "empty"),
        ("a.pdf", PDF + b" " * MAX_BYTES, "too-large"),
        ("a.pdf", b"MZ\x90\x00 a program", "not-pdf"),
        ("a.pdf", PDF[:-20], "not-pdf"),
        ("a.pdf", b"<html>%PDF-1.7</html>", "not-pdf"),
        ("a.pdf", signed(), "not-pdf"),
        ("a.p7m", PDF, "not-p7m"),
        ("a.p7m", signed(b"a program"), "not-p7m"),
        ("a.p7m", signed_elsewhere(), "not-p7m"),
        ("a.p7m", signed()[:-400], "not-p7m"),
        ("a.p7m", b"\x30\x80" * 50_000, "not-p7m"),
        ("a.p7m", b"\x30\x84\xff\xff\xff\xff", "not-p7m"),
        ("a.p7m", nested(5), "not-p7m"),
        ("a.docx", PDF, "kind"),
        ("a.pdf.exe", PDF, "kind"),
        ("", PDF, "kind"),
    ],
)
def test_what_is_something_else_is_refused(name: str, content: bytes, code: str) -> None:
    with pytest.raises(BadUpload) as refusal:
        check_upload(name, content)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Documenti\\statuto.pdf", "statuto.pdf"),
        ("../../etc/statuto.pdf", "statuto.pdf"),
        ("statuto\x00\r\n.pdf", "statuto.pdf"),
        ("sta\u202etuto.pdf", "statuto.pdf"),
        ("s" * 300 + ".pdf", "s" * 116 + ".pdf"),
        ("citta\u0300.pdf", "città.pdf"),
    ],
)
def test_names_lose_what_is_no_part_of_a_name(given: str, kept: str) -> None:
    assert check_upload(given, PDF).name == kept
