"""Files from outside: which are taken, judged by their content. PDF, alone or inside a signed envelope (P7M)."""

import base64
import binascii
import unicodedata
from dataclasses import dataclass

from hub.envelopes import signed_content
from hub.errors import HubError
from hub.web.i18n import N_

MAX_BYTES = 10 * 1024 * 1024

PDF, P7M = "application/pdf", "application/pkcs7-mime"
# Signed again by a second person, and perhaps a third.
_MOST_ENVELOPES = 4
_LONGEST_NAME = 120
_WHITESPACE = b" \t\r\n\x0b\x0c"


class BadUpload(HubError):
    """The file is not taken; `message` says why, and never what is in it."""

    status = 422
    code = "bad-upload"
    message = N_("This file cannot be taken.")


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """`name` is fit to be shown and to be saved under."""

    name: str
    media_type: str


def check_upload(name: str, content: bytes) -> CheckedFile:
    """Raises BadUpload."""
    if not content:
        raise BadUpload("empty", N_("This file is empty."))
    if len(content) > MAX_BYTES:
        raise BadUpload("too-large", N_("This file is larger than 10 MB. Please make it smaller."))
    name = clean_name(name)
    ending = name.lower().rpartition(".")[2]
    if ending == "pdf" and is_pdf(content):
        return CheckedFile(name, PDF)
    if ending == "p7m":
        if signed_pdf(content) is None:
            raise BadUpload(
                "not-p7m",
                N_("This file is named .p7m, but it is no signed file with a PDF inside."),
            )
        return CheckedFile(name, P7M)
    if ending == "pdf":
        raise BadUpload("not-pdf", N_("This file is named .pdf, but it is no whole PDF."))
    raise BadUpload("kind", N_("Only PDF files are taken, also signed ones (P7M)."))


def is_pdf(content: bytes) -> bool:
    """ISO 32000 §7.5: its header, and at its end the cross-reference and the end mark, which a broken upload lacks."""
    end = content[-2048:]
    return content.startswith(b"%PDF-") and b"startxref" in end and b"%%EOF" in end


def signed_pdf(content: bytes) -> bytes | None:
    """The PDF inside a signed envelope (CMS, RFC 5652 §5), in DER, BER or base64; None where there is none.

    Whose the signature is and whether it holds, the person who reads the file verifies.
    """
    for _ in range(_MOST_ENVELOPES):
        inner = signed_content(_decoded(content))
        if inner is None:
            return None
        if is_pdf(inner):
            return inner
        content = inner
    return None


def _decoded(content: bytes) -> bytes:
    """Some programs write base64, with or without the lines of PEM around it."""
    text = content
    if content.lstrip(_WHITESPACE).startswith(b"-----BEGIN "):
        text = content.split(b"-----", 3)[2]
    try:
        return base64.b64decode(text.translate(None, _WHITESPACE), validate=True)
    except binascii.Error:
        return content


def clean_name(name: str) -> str:
    """Without folders, control characters and what turns the direction of writing; short enough for any system."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C").strip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem:
        return name[:_LONGEST_NAME]
    return f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}"
