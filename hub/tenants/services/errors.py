"""What can be wrong with a change to a service.

Conflict
├── Changed        someone else changed it since the form was opened
├── InThePast      the day is over: what was offered then stays as it was
├── NotOffered     it is not offered on that day
└── Begun          it has begun and cannot be withdrawn any more
"""

from hub.errors import Conflict
from hub.web.i18n import N_


class Changed(Conflict):
    code = "service-changed"
    message = N_(
        "Someone else changed this service in the meantime. Look at it as it is now, then change it again."
    )


class InThePast(Conflict):
    code = "service-in-the-past"
    message = N_("What was offered in the past stays as it was: choose a day from today on.")


class NotOffered(Conflict):
    code = "service-not-offered"
    message = N_("The service is not offered on this day: it begins later, or it has ended.")


class Begun(Conflict):
    code = "service-begun"
    message = N_("This has begun already. Change it, or end it, from today on.")
