"""The desks a person is limited to."""

from uuid import UUID

# None for all of the organisation's.
Desks = frozenset[UUID] | None


def within(desks: Desks, column: str, args: list[object]) -> str:
    """The condition that keeps a person limited to some desks to them. There is no other place for it."""
    if desks is None:
        return "true"
    args.append(list(desks))
    return f"{column} = ANY(${len(args)})"
