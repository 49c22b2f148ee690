from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from hub.embedded import ports
from hub.embedded.ports import HOST, NoFreePort


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_free_port_is_taken_as_wanted() -> None:
    wanted = ports.any_free()
    assert ports.first_free(wanted) == wanted


def test_a_taken_port_gives_way_to_the_next(taken: int) -> None:
    assert not ports.is_free(taken)
    assert taken < ports.first_free(taken) < taken + 100


def test_a_port_chosen_for_another_is_not_given_twice() -> None:
    wanted = ports.any_free()
    assert ports.first_free(wanted, taken=frozenset({wanted})) > wanted


def test_a_port_taken_on_every_address_is_not_free() -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        assert not ports.is_free(listener.getsockname()[1])


def test_no_free_port_is_said(taken: int) -> None:
    with pytest.raises(NoFreePort, match=str(taken)):
        ports.first_free(taken, tries=1)


def test_where_a_port_was_taken_meanwhile_another_is_tried() -> None:
    asked: list[int] = []

    def serve(port: int) -> int:
        asked.append(port)
        if len(asked) < 3:
            raise NoFreePort("taken")
        return port

    assert ports.on_any_free(serve, NoFreePort) == asked[2]
    asked.clear()
    with pytest.raises(NoFreePort):
        ports.on_any_free(serve, NoFreePort, tries=2)
