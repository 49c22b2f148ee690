"""Codes of the demo network's organisations: valid in form, and nobody's."""

from zlib import crc32

from stdnum import luhn

# What stands where the codes of a tax office do: no office has this number, so no such code is anybody's.
NO_OFFICE = "999"


def fiscal_code_of(slug: str) -> str:
    """The same wherever the organisation is met: as an applicant, and as a member of the network."""
    code = f"{crc32(slug.encode()) % 10**7:07}{NO_OFFICE}"
    return code + luhn.calc_check_digit(code)
