"""Where desks of the demo network are, when they are open, and how one gets there: invented, and said as one would."""

import json

from hub.seed.rows import Desk

STREETS = (
    "Via Roma",
    "Corso Umberto I",
    "Piazza del Municipio",
    "Via Giuseppe Garibaldi",
    "Via della Repubblica",
    "Piazza Vittorio Veneto",
    "Via Dante Alighieri",
    "Corso Vittorio Emanuele",
)
OPENING_HOURS = (
    "lun–ven 9.00–13.00",
    "lun–ven 9.00–12.30; mar e gio anche 15.00–17.30",
    "lun, mer e ven 9.30–13.00",
    "mar e gio 9.00–13.00 e 15.00–17.00, su appuntamento",
)
_MORNINGS = [(day, "09:00", "12:30") for day in range(1, 6)]
# The same as the hub keeps them, and what is said beside them.
WEEKS = {
    OPENING_HOURS[0]: ([(day, "09:00", "13:00") for day in range(1, 6)], ""),
    OPENING_HOURS[1]: (sorted([*_MORNINGS, (2, "15:00", "17:30"), (4, "15:00", "17:30")]), ""),
    OPENING_HOURS[2]: ([(day, "09:30", "13:00") for day in (1, 3, 5)], ""),
    OPENING_HOURS[3]: (
        [(day, *span) for day in (2, 4) for span in (("09:00", "13:00"), ("15:00", "17:00"))],
        "su appuntamento",
    ),
}
WAYS = (
    "Piano terra, ingresso senza gradini. Fermata dell’autobus davanti all’edificio.",
    "Primo piano con ascensore. Dieci minuti a piedi dalla stazione.",
    "Ingresso dal cortile, con rampa. Parcheggio gratuito per un’ora.",
)


def said_hours(desk: Desk) -> str:
    """A desk's hours as one would say them."""
    return next(said for said, (hours, _) in WEEKS.items() if json.dumps(hours) == desk.hours)
