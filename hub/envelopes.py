"""What is inside a signed envelope: CMS (RFC 5652 §5), in DER or in BER (X.690 §8).

Read in time that grows with its size and no faster: a library that joins an octet string part by part would be held up
for minutes by a few megabytes in parts of one octet.
"""

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_SEQUENCE, _SET, _OCTETS, _OCTETS_IN_PARTS, _FIRST, _SECOND = 0x30, 0x31, 0x04, 0x24, 0xA0, 0xA1
_END = b"\x00\x00"
# Signing programs write parts of a kilobyte or more.
MOST_PARTS = 100_000


def signed_content(data: bytes) -> bytes | None:
    """None for what is no envelope, is not whole, does not hold what it signs, or is signed by nobody."""
    try:
        return _content(data)
    except (IndexError, ValueError):
        return None


def _content(data: bytes) -> bytes | None:
    _after(data, 0)  # It is whole.
    at = _into(data, 0, _SEQUENCE)
    if not data.startswith(_SIGNED_DATA, at):
        return None
    at = _into(data, _into(data, at + len(_SIGNED_DATA), _FIRST), _SEQUENCE)
    held = _after(data, _after(data, at))  # Behind the version and the digest algorithms.
    # Without a content, what follows are certificates, which are no octet string.
    content = _octets(data, _into(data, _after(data, _into(data, held, _SEQUENCE)), _FIRST))
    at = _after(data, held)
    for certificates in (_FIRST, _SECOND):
        if data[at] == certificates:
            at = _after(data, at)
    tag, signers, length = _open(data, at)
    nobody = length == 0 or (length is None and data.startswith(_END, signers))
    return None if tag != _SET or nobody else content


def _open(data: bytes, at: int) -> tuple[int, int, int | None]:
    """Tag, where the content begins, and its length: None where an end mark follows it."""
    tag, first = data[at], data[at + 1]
    start, length = at + 2, first
    if first == 0x80 and tag & 0x20:
        return tag, start, None
    if first >= 0x80:
        start += first & 0x7F
        length = int.from_bytes(data[at + 2 : start], "big")
    if tag & 0x1F == 0x1F or not 0 <= length <= len(data) - start:
        raise ValueError("no element of an envelope")
    return tag, start, length


def _into(data: bytes, at: int, wanted: int) -> int:
    tag, start, _length = _open(data, at)
    if tag != wanted:
        raise ValueError("another element")
    return start


def _after(data: bytes, at: int) -> int:
    """Where the next element begins."""
    depth = 0
    for _ in range(MOST_PARTS):
        if depth and data.startswith(_END, at):
            depth, at = depth - 1, at + 2
        else:
            _tag, at, length = _open(data, at)
            depth, at = (depth + 1, at) if length is None else (depth, at + length)
        if not depth:
            return at
    raise ValueError("too many parts")


def _octets(data: bytes, at: int) -> bytes:
    """An octet string, whole or in parts, which may be in parts themselves."""
    end = _after(data, at)
    found: list[bytes] = []
    for _ in range(MOST_PARTS):
        if at >= end:
            return b"".join(found)
        if data.startswith(_END, at):
            at += 2
            continue
        tag, at, length = _open(data, at)
        if tag == _OCTETS and length is not None:
            found.append(data[at : at + length])
            at += length
        elif tag != _OCTETS_IN_PARTS:
            raise ValueError("no octet string")
    raise ValueError("too many parts")
