"""The monitor names the part that is at fault, and nobody while all is well."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.as_heard import Rig, Spoilt, nothing, rig

from hustings.audio.level import Samples
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.documents.blocks import Block, ProgrammeBlock
from hustings.documents.space import SpaceState
from hustings.hls.names import PartName

WELL = (None, "")
WITHIN = 5.0  # seconds from the first sample of a fault until the desk has it


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path) as town:
        yield town


async def talk(town: Rig) -> None:
    await town.change(state=SpaceState.LIVE)
    await town.until_told(WELL, within=12)


async def test_a_healthy_evening_from_music_to_talk_to_hold_and_back_gives_no_alarm(town: Rig) -> None:
    said = await town.seconds(8)
    await town.change(state=SpaceState.LIVE)
    said |= await town.seconds(6)
    await town.change(hold=True)
    said |= await town.seconds(5)
    await town.change(hold=False)
    said |= await town.seconds(5)

    assert said == {None, WELL}


async def test_a_microphone_that_gives_nothing_and_a_mixer_that_does_are_told_apart(town: Rig) -> None:
    await talk(town)
    town.talker.amplitude = 0.0
    await town.until_told(("seat", "silence"), within=WITHIN)
    town.talker.amplitude = 0.3
    await town.until_told(WELL, within=WITHIN)
    town.mixer_silent = True
    await town.until_told(("mixer", "silence"), within=WITHIN)


def zeros(samples: Samples) -> Samples:
    return np.zeros_like(samples)


def garbled(samples: Samples) -> Samples:
    level = 0.05 if int(np.abs(samples).max() * 1e6) % 2 else 0.0005
    return (level * np.random.default_rng(5).standard_normal(TICK)).astype(np.float32)


def telephone(samples: Samples) -> Samples:
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(TICK, 1 / SAMPLE_RATE) > 3400] = 0.0
    return np.fft.irfft(spectrum).astype(np.float32)


async def test_a_packager_that_spoils_what_it_was_given_or_packs_nothing_is_named(town: Rig) -> None:
    await talk(town)
    for spoil, what in ((zeros, "silence"), (garbled, "different"), (telephone, "narrow")):
        town.pack = spoiling(spoil)
        await town.until_told(("packager", what), within=WITHIN)
    town.pack = None
    await town.until_told(WELL, within=WITHIN)
    town.pack = nothing
    await town.until_told(("packager", "missing"), within=WITHIN)


def spoiling(spoil: Callable[[Samples], Samples]) -> Callable[[ProgrammeBlock], Block]:
    return lambda block: replace(block, samples=spoil(block.samples))


def refused(_: PartName) -> Spoilt | None:
    return 503, b""


async def test_an_edge_that_gives_no_parts_or_others_is_named_and_its_cure_is_told(town: Rig) -> None:
    await talk(town)
    town.edge.spoil = refused
    await town.until_told(("edge", "missing"), within=WITHIN)
    town.edge.spoil = lambda _: (200, b"no part")
    await town.until_told(("edge", "different"), within=WITHIN)
    town.edge.spoil = lambda _: None
    await town.until_told(WELL, within=WITHIN)


async def test_a_stage_that_dies_and_comes_back_leaves_no_alarm_behind_and_is_heard_on(town: Rig) -> None:
    await talk(town)
    died = town.clock.monotonic()
    await town.kill()
    await town.pass_by(lambda: town.clock.monotonic() > died + 3)
    await town.begin("second")
    town.sit_down()
    await town.pass_by(lambda: town.role.agent.connected and town.told)

    await town.until_told(WELL, within=15)
    assert await town.seconds(8) == {WELL}
    town.mixer_silent = True
    await town.until_told(("mixer", "silence"), within=WITHIN)


async def test_a_monitor_that_gets_no_turn_blames_nobody_and_finds_a_fault_when_it_has_its_turn_again(
    town: Rig,
) -> None:
    await talk(town)
    town.starve_the_monitor(3.0)
    assert await town.seconds(2) == {WELL}
    town.starve_the_monitor(0.0)
    assert await town.seconds(6) == {WELL}
    town.mixer_silent = True
    await town.until_told(("mixer", "silence"), within=WITHIN)
