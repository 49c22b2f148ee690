"""Whether a file that comes back is the document that was sent, with a signature to it.

Whose the signature is, and whether it holds, is not looked at: that needs the trusted lists of the day (eIDAS art. 22)
and is done by the person of the Ente who opens the file.
"""

import re

from hub.uploads import P7M, BadUpload, CheckedFile, signed_pdf
from hub.web.i18n import N_

# ISO 32000-1 §12.8.1: which octets are signed, as two ranges around the signature itself.
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_SIGNATURE = re.compile(rb"/Type\s*/(?:Sig|DocTimeStamp)\b|/SubFilter\s*/(?:ETSI\.|adbe\.)")


def how_signed(sent: bytes, checked: CheckedFile, content: bytes) -> str:
    """`envelope` (CAdES), `appended` (PAdES), or `person`: a person has to compare. Raises BadUpload.

    Reads a signed envelope of ten megabytes in half a second: call it through `asyncio.to_thread`.
    """
    if checked.media_type == P7M:
        inside = signed_pdf(content)
        if inside == sent or (inside is not None and is_signed_after(sent, inside)):
            return "envelope"
        raise BadUpload(
            "another-document",
            N_(
                "There is another document inside this signed file. Sign the very file that you download here, without"
                " opening and saving it anew."
            ),
        )
    if content == sent:
        raise BadUpload(
            "not-signed",
            N_("This is the document as we sent it: it is not signed yet. Sign it, then send it."),
        )
    return "appended" if is_signed_after(sent, content) else "person"


def how_countersigned(
    came: bytes, checked_before: str, checked: CheckedFile, content: bytes
) -> str:
    """As `how_signed`, of a file that is to take the place of `came`, which was signed already. Raises BadUpload.

    A print that was signed by hand can only be replaced by another such, which the person who brings it has compared.
    """
    if content == came:
        raise BadUpload(
            "not-signed", N_("This is the file as it arrived, with no further signature.")
        )
    inside = signed_pdf(content) if checked.media_type == P7M else None
    signed = signed_pdf(came) or came
    if inside is not None:
        if inside == signed or is_signed_after(signed, inside):
            return "envelope"
    elif signed is came and is_signed_after(came, content):
        return "appended"
    elif checked_before == "person" and checked.media_type != P7M:
        return "person"
    raise BadUpload(
        "another-document",
        N_(
            "This is not the file that arrived, with one more signature. Sign the very file that you download here,"
            " without opening and saving it anew."
        ),
    )


def is_signed_after(sent: bytes, content: bytes) -> bool:
    """Our octets whole, and behind them a signature that covers them all: an incremental update (ISO 32000-1 §7.5.6)."""
    if not content.startswith(sent):
        return False
    added = content[len(sent) :]
    if b"startxref" not in added or not _SIGNATURE.search(added):
        return False
    return any(
        start == 0 and first >= len(sent) and first < second and second + rest <= len(content)
        for start, first, second, rest in (
            map(int, found.groups()) for found in _BYTE_RANGE.finditer(added)
        )
    )
