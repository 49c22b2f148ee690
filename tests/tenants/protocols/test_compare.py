"""What comes back: ours in an envelope, ours with a signature behind it, or something else."""

from __future__ import annotations

import pytest

from hub.tenants.protocols.compare import how_countersigned, how_signed
from hub.uploads import BadUpload, check_upload
from tests.support import papers
from tests.tenants.protocols.making import appended

SENT = papers.PDF
OTHER = papers.PDF.replace(b"1.7", b"1.6")


def how(name: str, content: bytes) -> str:
    return how_signed(SENT, check_upload(name, content), content)


BY_HAND = OTHER


@pytest.mark.parametrize(
    ("came", "before", "content", "found"),
    [
        (appended(SENT), "appended", appended(appended(SENT)), "appended"),
        (appended(SENT), "appended", papers.signed(appended(SENT)), "envelope"),
        (papers.signed(SENT), "envelope", papers.signed(papers.signed(SENT)), "envelope"),
        (BY_HAND, "person", SENT, "person"),
        (BY_HAND, "person", appended(BY_HAND), "appended"),
        (papers.signed(SENT), "envelope", SENT, None),
        (papers.signed(SENT), "envelope", papers.signed(OTHER), None),
        (appended(SENT), "appended", papers.signed(SENT), None),
        (appended(SENT), "appended", appended(SENT), None),
        (appended(SENT), "appended", SENT, None),
        (BY_HAND, "person", papers.signed(SENT), None),
    ],
)
def test_what_the_ente_signs_last_is_the_file_that_came(
    came: bytes, before: str, content: bytes, found: str | None
) -> None:
    checked = check_upload("protocollo.p7m" if content[:1] == b"0" else "protocollo.pdf", content)
    if found:
        assert how_countersigned(came, before, checked, content) == found
    else:
        with pytest.raises(BadUpload):
            how_countersigned(came, before, checked, content)


@pytest.mark.parametrize(
    "content",
    [
        papers.signed(SENT),
        papers.in_base64(papers.signed(SENT)),
        papers.signed(papers.signed(SENT)),
        papers.signed(appended(SENT)),
    ],
    ids=["once", "base64", "twice", "with a signature inside, too"],
)
def test_our_document_in_an_envelope(content: bytes) -> None:
    assert how("protocollo.pdf.p7m", content) == "envelope"


@pytest.mark.parametrize(
    "inside",
    [OTHER, SENT + b"\n%%EOF\n", SENT[:-1] + b" ", appended(OTHER), SENT + SENT],
    ids=["another", "longer by a line", "an octet changed", "another, signed", "doubled"],
)
def test_another_document_in_an_envelope_is_refused(inside: bytes) -> None:
    with pytest.raises(BadUpload) as refused:
        how("protocollo.pdf.p7m", papers.signed(inside))
    assert refused.value.code == "another-document"


def test_our_document_with_one_signature_or_two() -> None:
    once = appended(SENT)
    assert how("firmato.pdf", once) == "appended"
    assert how("firmato.pdf", appended(once)) == "appended"


def test_our_document_as_it_was_sent_is_not_signed() -> None:
    with pytest.raises(BadUpload) as refused:
        how("protocollo.pdf", SENT)
    assert refused.value.code == "not-signed"


@pytest.mark.parametrize(
    "content",
    [
        OTHER,
        appended(OTHER),
        SENT + b"\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n",
        appended(SENT, start=1),
        appended(SENT, beyond=1),
        appended(SENT).replace(b"/ByteRange", b"/ByteRangs"),
        appended(SENT)
        .replace(b"/Type /Sig", b"/Type /Sog")
        .replace(b"/SubFilter /ETSI", b"/SubFilter /ATSI"),
    ],
    ids=[
        "a scan",
        "another, signed",
        "added to, and not signed",
        "a signature that does not begin at the start",
        "a signature over more than there is",
        "a signature over nothing",
        "ranges without a signature",
    ],
)
def test_everything_else_is_for_a_person(content: bytes) -> None:
    assert how("firmato.pdf", content) == "person"


def test_a_signature_that_leaves_out_part_of_ours_is_for_a_person() -> None:
    whole = appended(SENT)
    first = whole.index(b"/ByteRange [") + len(b"/ByteRange [")
    cut = whole[: first + 11] + b"%010d" % (len(SENT) - 1) + whole[first + 21 :]
    assert how("firmato.pdf", whole) == "appended"
    assert how("firmato.pdf", cut) == "person"
