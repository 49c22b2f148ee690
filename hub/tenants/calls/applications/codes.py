"""The fields in which an administration says who it is."""

import re
from dataclasses import dataclass
from typing import ClassVar

from stdnum.exceptions import InvalidComponent, ValidationError
from stdnum.it import iva

from hub.web.fields import Field, Refused
from hub.web.i18n import gettext as _


@dataclass(frozen=True)
class FiscalCode(Field):
    """Of an organisation: eleven digits, of which the last checks the others (d.m. 23 December 1976)."""

    kind: ClassVar[str] = "fiscal_code"
    max_length: ClassVar[int] = 20

    def parse(self, text: str) -> object:
        code = re.sub(r"[\s.-]", "", text)
        if re.fullmatch(r"[A-Za-z0-9]{16}", code):
            raise Refused(
                _("This is the code of a person. The code of an administration has 11 digits.")
            )
        if not re.fullmatch(r"[0-9]{11}", code):
            raise Refused(_("The fiscal code of an administration has 11 digits."))
        try:
            iva.validate(code)
        except InvalidComponent:
            raise Refused(
                _(
                    "This fiscal code is not valid: its eighth to tenth digit, here %(digits)s, stand for no tax office."
                    " Please look at each digit.",
                    digits=code[7:10],
                )
            ) from None
        except ValidationError:
            raise Refused(
                _(
                    "This fiscal code is not valid: its check digit differs. Please look at each digit."
                )
            ) from None
        return code


@dataclass(frozen=True)
class IpaCode(Field):
    """As the index of public administrations gives them: c_f839, cciaa_na, L33DIFAB. In lower case."""

    kind: ClassVar[str] = "text"
    max_length: ClassVar[int] = 20

    def parse(self, text: str) -> object:
        code = text.lower()
        if not re.fullmatch(r"(?=.*[a-z])[a-z0-9][a-z0-9_-]{1,18}[a-z0-9]", code):
            raise Refused(_("Enter the code as indicepa.gov.it shows it, such as c_f839."))
        return code
