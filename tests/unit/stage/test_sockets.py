"""What speakers send is read by ticks, whoever floods; and when it came is told, whenever it was read."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from hustings.base.clock import ManualClock, SystemClock
from hustings.stage.sockets import IN_A_ROW, Address, MediaSocket, MediaSockets

HOST = "127.0.0.1"
FLOOD = 3 * IN_A_ROW - 1  # datagrams


class Ear:
    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.ages: list[float] = []
        self.closed = asyncio.Event()
        self.bound: MediaSocket | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, MediaSocket)
        self.bound = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def received(self, data: bytes, addr: Address, age: float) -> None:
        if data == b"break":
            raise ValueError(data)
        self.heard.append(data)
        self.ages.append(age)


Opened = Callable[[], tuple[Ear, Address]]


@pytest.fixture
def clock() -> ManualClock:
    """A quarter of a second ahead of the machine's."""
    return ManualClock(SystemClock().now() + 0.25)


@pytest.fixture
def sockets(clock: ManualClock) -> MediaSockets:
    return MediaSockets(clock)


@pytest.fixture
async def opened(sockets: MediaSockets) -> AsyncIterator[Opened]:
    """Opens one more, and tells its address."""
    made: list[MediaSocket] = []

    def one() -> tuple[Ear, Address]:
        ear = Ear()
        made.append(sockets.open(ear, HOST, 0))
        return ear, made[-1].get_extra_info("sockname")

    yield one
    for bound in made:
        bound.close()


@pytest.fixture
def mouth() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        yield made


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_without_ticks_the_loop_reads(sockets: MediaSockets, opened: Opened, mouth: socket.socket) -> None:
    ear, address = opened()
    mouth.sendto(b"one", address)
    await turns()
    assert ear.heard == [b"one"]


async def test_from_the_first_tick_on_what_comes_waits_for_the_next(
    sockets: MediaSockets, opened: Opened, mouth: socket.socket
) -> None:
    ear, address = opened()
    sockets.tick()
    mouth.sendto(b"one", address)
    await turns()
    assert ear.heard == []
    sockets.tick()
    assert ear.heard == [b"one"]


async def test_one_opened_later_waits_for_ticks_too(
    sockets: MediaSockets, opened: Opened, mouth: socket.socket
) -> None:
    sockets.tick()
    ear, address = opened()
    mouth.sendto(b"one", address)
    await turns()
    assert ear.heard == []
    sockets.tick()
    assert ear.heard == [b"one"]


async def test_a_flood_leaves_the_loop_its_turns_and_is_read_without_another_tick(
    sockets: MediaSockets, opened: Opened, mouth: socket.socket
) -> None:
    flooded, address = opened()
    other, quiet = opened()
    for _ in range(FLOOD):
        mouth.sendto(b"flood", address)
    mouth.sendto(b"one", quiet)
    sockets.tick()
    assert len(flooded.heard) == IN_A_ROW
    assert other.heard == [b"one"]
    await turns()
    assert len(flooded.heard) == FLOOD
    mouth.sendto(b"later", address)
    await turns()
    assert flooded.heard[-1] == b"flood"


async def test_when_it_came_is_told_however_late_it_is_read(
    sockets: MediaSockets, opened: Opened, mouth: socket.socket
) -> None:
    ear, address = opened()
    mouth.sendto(b"one", address)
    sockets.tick()
    assert 0.2 <= ear.ages[0] < 0.75


@pytest.mark.parametrize("set_by", [-3600.0, 3600.0])
async def test_a_clock_that_was_set_makes_nothing_old_or_of_the_future(
    set_by: float, sockets: MediaSockets, opened: Opened, mouth: socket.socket, clock: ManualClock
) -> None:
    ear, address = opened()
    mouth.sendto(b"one", address)
    clock.jump(set_by)
    sockets.tick()
    assert ear.ages == [0.0]


async def test_a_datagram_that_breaks_its_reader_takes_nothing_from_others(
    sockets: MediaSockets, opened: Opened, mouth: socket.socket
) -> None:
    broken, first = opened()
    other, second = opened()
    for address in (first, second):
        mouth.sendto(b"break" if address is first else b"one", address)
    mouth.sendto(b"two", first)
    sockets.tick()
    assert other.heard == [b"one"]
    assert broken.heard == [b"two"]


async def test_one_that_is_closed_sends_and_hears_nothing_and_the_others_go_on(
    sockets: MediaSockets, opened: Opened, mouth: socket.socket
) -> None:
    ear, address = opened()
    other, second = opened()
    assert ear.bound is not None
    mouth.sendto(b"one", address)
    ear.bound.close()
    ear.bound.close()
    ear.bound.sendto(b"back", second)
    mouth.sendto(b"one", second)
    sockets.tick()
    await ear.closed.wait()
    assert ear.bound.is_closing()
    assert ear.heard == []
    assert other.heard == [b"one"]


async def test_what_is_sent_arrives(sockets: MediaSockets, opened: Opened) -> None:
    ear, address = opened()
    other, _ = opened()
    assert other.bound is not None
    other.bound.sendto(b"one", address)
    sockets.tick()
    assert ear.heard == [b"one"]


async def test_a_port_that_is_taken_cannot_be_opened(sockets: MediaSockets, opened: Opened) -> None:
    _, (host, port) = opened()
    with pytest.raises(OSError, match="in use"):
        sockets.open(Ear(), host, port)
