"""What can be wrong with a file or with one of its cells: code → sentence."""

from hub.tenants.exchange.schemas import KINDS
from hub.tenants.territory.postal_codes import ELSEWHERE
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

# Of the whole file. Those with a colon in `imports.failure` name columns, by their codes.
REFUSALS = {
    "empty": N_("This file holds no rows."),
    "too_large": N_("This file is larger than 10 MB. Please split it."),
    "old_excel": N_(
        "This is a file of an old Excel (.xls), whatever its name says. Save it as .xlsx or CSV."
    ),
    "open_document": N_("This is an OpenDocument file (.ods). Save it as .xlsx or CSV."),
    "password": N_("This file is protected by a password. Save it without one."),
    "not_a_table": N_("This is neither an Excel file (.xlsx) nor a CSV file."),
    "broken": N_("This file is broken: perhaps it was not uploaded to its end."),
    "bomb": N_(
        "This file unfolds to more than a table of 50,000 rows can hold. It was not opened."
    ),
    "sheets": N_("This file has more than 20 sheets. Keep the one with the table."),
    "too_many_rows": N_("This file has more than 50,000 rows. Please split it."),
    "too_many_columns": N_("This file has more than 100 columns."),
    "merged": N_("This file has too many merged cells. Please split them."),
    "encoding": N_("The characters of this file cannot be read. Save it as CSV UTF-8."),
    "quotes": N_("A quotation mark in this file is never closed, or text follows one directly."),
    "missing_columns": N_("These columns are missing: %(columns)s."),
    "double_columns": N_("These columns are there more than once: %(columns)s."),
    "unreadable": N_("The hub could not read this file. Save it anew with Excel or LibreOffice."),
    "broken_off": N_(
        "The hub failed several times at this file. Nothing was written; you can try again."
    ),
    "changed": N_(
        "The network changed after this preview was made, so nothing was written. Here is the new"
        " preview: look at it, then apply it."
    ),
}

# In the place of missing columns, where those of another kind are all there.
_OTHER_KIND = N_(
    "This looks like a file of another kind: “%(kind)s”. Choose that kind and upload it again."
)

# Of one cell.
ERRORS = {
    "missing": N_("Write a value."),
    "too_long": N_("This text is too long."),
    "characters": N_("Some characters cannot be read. Please type the text again."),
    "formula": N_("There is a formula here: write its value."),
    "error_cell": N_("The spreadsheet shows an error here, such as #N/A: write the value."),
    "merged": N_("This cell is merged with others: split them and write the value into each row."),
    "header_again": N_("This row repeats the names of the columns: delete it."),
    "twice": N_("The same as in line %(line)s: keep one of the two."),
    "fiscal_code": N_(
        "The fiscal code of an organisation has 11 digits, the last of which checks the others."
    ),
    "ipa_code": N_("Write the code as indicepa.gov.it shows it, such as c_f839."),
    "code_missing": N_("Write the fiscal code or the IPA code."),
    "identifier": N_("This identifier is not the hub's. For a new organisation leave it empty."),
    "codes_disagree": N_("The codes belong to two different organisations."),
    "ambiguous": N_(
        "Several organisations have this code. Write the identifier of the one you mean."
    ),
    "reference": N_(
        "Write the organisation's fiscal code, its IPA code or its identifier in the hub."
    ),
    "unknown_organisation": N_("No organisation of the network has this code."),
    "not_a_host": N_("This organisation hosts no desks."),
    "organisation_closed": N_("This organisation has left the network."),
    "no_setup": N_("This organisation has no set-up: leave the cell empty."),
    "planned": N_(
        "A change of this service is planned already: only its own administrators can change that."
    ),
    "nothing_changes": N_("Nothing else of this service changes on this day."),
    "email": N_("Write an e-mail address such as name@example.org."),
    "phone": N_("Write a telephone number such as 0971 123456 or +39 320 1234567."),
    "website": N_("Write an address that begins with https:// or http://."),
    "postal_code": N_("A postal code has 5 digits."),
    "postal_code_elsewhere": ELSEWHERE,
    "istat_code": N_("ISTAT lists no municipality with this code of 6 digits."),
    "municipality_missing": N_("Write the municipality and its province, or the ISTAT code."),
    "municipality": N_("ISTAT lists no municipality with this name in this province."),
    "municipality_ambiguous": N_("Several municipalities have this name: write the province."),
    "municipality_disagrees": N_("The ISTAT code is another municipality's."),
    "province": N_("Write the two letters of a province, such as NA."),
    "region": N_("Write the names of regions, such as Campania; or Italia for all."),
    "choice": N_("Write one of the values that the explanation lists."),
    "date": N_("Write a day that exists, such as 22/11/2026."),
    "future": N_("This day is still to come."),
    "amount": N_("Write an amount in euros, such as 25000,00."),
    "amounts_order": N_("The largest amount must not be below the smallest."),
    "number": N_("Write a whole number."),
    "number_range": N_("This number is too small or too large."),
    "hours": N_("Write the times like this: 9:00-13:00, 15:00-17:30."),
    "desk_closed": N_("The desk with this name is closed. A new one needs another name."),
    "desk_ambiguous": N_("Several desks of this organisation have this name."),
    "desk_unknown": N_("The organisation has no open desk with one of these names."),
    "desks_none": N_(
        "“nessuno” stands for people who are there already and see no desk. Name desks, or empty the cell for all."
    ),
    "role_differs": N_(
        "This person is a member with another role. The organisation's administrators change it."
    ),
    "has_administrator": N_(
        "This organisation has an administrator, or has invited one: its own administrators invite others."
    ),
    "role_of_ente": N_("Only at the Ente is somebody an editor."),
    "desks_differ": N_(
        "This person is a member with other desks. The organisation's administrators change them."
    ),
    "service_kind": N_("This kind of organisation does not offer such a service."),
    "service_ambiguous": N_("Several services of this organisation have this kind and name."),
    "invited_desks_differ": N_(
        "This person is invited to other desks. The organisation's administrators change that."
    ),
    "past_change": N_("A change counts from today or from a later day."),
    "period": N_("The last day comes before the first."),
}


def refusal(failure: str, title_of: dict[str, str]) -> str:
    """`failure` as its row holds it; `title_of` gives a column's name in the reader's language."""
    if kind := other_kind(failure):
        return _(_OTHER_KIND, kind=_(KINDS[kind]))
    code, _colon, columns = failure.partition(":")
    names = ", ".join(
        _("“%(value)s”", value=title_of.get(name, name)) for name in columns.split(",")
    )
    sentence = REFUSALS.get(code, REFUSALS["broken_off"])
    return _(sentence, columns=names) if columns else _(sentence)


def other_kind(failure: str | None) -> str | None:
    """The kind that the columns of a refused file look like, where it is not the one that was chosen."""
    code, _colon, kind = (failure or "").partition(":")
    return kind if code == "other_kind" and kind in KINDS else None


def error(code: str) -> str:
    """`twice:7` names the line of the first, `postal_code_elsewhere:Napoli:80121–80147` the right ones."""
    code, *named = code.split(":")
    sentence = ERRORS.get(code, ERRORS["characters"])
    return _(sentence, line=named[0], place=named[0], codes=named[-1]) if named else _(sentence)
