"""What can go wrong by rule, as exceptions that carry their HTTP status and a code that clients may rely on.

    HubError
    ├── NotFound        404  the row does not exist, or is someone else's: the two are never told apart
    ├── Conflict        409  the row changed, or the step is no longer possible
    ├── Forbidden       403  the person may see the thing but not do this to it
    ├── NotSignedIn     401  no session; pages send the person to the sign-in form
    ├── TooManyAttempts 429  with `retry_after` in seconds
    └── Unavailable     503  a server that the hub needs does not answer; nothing was changed

Errors of a form are not exceptions: `hub.web.forms` holds them beside what was typed.
"""

from hub.web.i18n import N_


class HubError(Exception):
    """`code` is stable and for programs; `message` is a msgid for people and never holds personal data.

    `title` is a msgid for the heading of the error's page, where that of its status would mislead; `place` is a page
    that says more, its msgid and its path.
    """

    status = 500
    title: str | None = None
    place: tuple[str, str] | None = None
    code = "internal"
    message = N_("Something went wrong on our side. Nothing was saved; please try again.")

    def __init__(self, code: str | None = None, message: str | None = None) -> None:
        self.code = code or self.code
        self.message = message or self.message
        super().__init__(self.code)


class NotFound(HubError):
    status = 404
    code = "not-found"
    message = N_("This page does not exist, or it is not yours to see.")


class Conflict(HubError):
    status = 409
    code = "conflict"
    message = N_("Someone was faster: this has changed in the meantime.")


class Forbidden(HubError):
    status = 403
    code = "forbidden"
    message = N_("Your role does not allow this step.")


class NotSignedIn(HubError):
    status = 401
    code = "not-signed-in"
    message = N_("Please sign in first.")


class TooManyAttempts(HubError):
    status = 429
    code = "too-many-attempts"
    message = N_("Too many attempts. Please wait a few minutes and try again.")

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__()


class Unavailable(HubError):
    status = 503
    code = "unavailable"
    message = N_(
        "The hub is resting for a moment. What you were just sending may not be saved yet:"
        " go back and send it again, it will count once."
    )
    retry_after = 5
