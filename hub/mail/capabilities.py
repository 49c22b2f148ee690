"""What a server says that it can do, in its reply to EHLO (RFC 5321 §4.1.1.1)."""

from dataclasses import dataclass


@dataclass(slots=True)
class Capabilities:
    pipelining: bool = False
    eight_bit: bool = False
    smtputf8: bool = False
    starttls: bool = False
    announces_size: bool = False
    largest: int = 0
    """Octets; 0 where the server sets no limit (RFC 1870 §4)."""
    sign_in: frozenset[str] = frozenset()


def offered(reply: bytes) -> Capabilities:
    found = Capabilities()
    for line in reply.upper().splitlines()[1:]:
        name, *values = line[4:].replace(b"=", b" ", 1).split()[:20] or [b""]
        if name == b"PIPELINING":
            found.pipelining = True
        elif name == b"8BITMIME":
            found.eight_bit = True
        elif name == b"SMTPUTF8":
            found.smtputf8 = True
        elif name == b"STARTTLS":
            found.starttls = True
        elif name == b"SIZE":
            found.announces_size = True
            digits = values[0] if values else b"0"
            found.largest = int(digits) if digits.isdigit() and len(digits) < 20 else 0
        elif name == b"AUTH":
            found.sign_in |= {value.decode("ascii", "replace") for value in values}
    return found
