"""Logging without personal data: where something failed, never what it choked on."""

import logging
import sys
import traceback


def configure(level: str = "INFO") -> None:
    logging.basicConfig(
        stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # arq writes job ids and timings at INFO; ours say the same once.
    logging.getLogger("arq").setLevel(logging.WARNING)


def describe(error: BaseException) -> str:
    """Type and call stack, without the message: libraries quote the value they refused, and that may be personal."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(
        f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in frames[::-1][:12]
    )
    cause = error.__cause__
    return f"{type(error).__name__} at {places}" + (
        f"; from {type(cause).__name__}" if cause else ""
    )
