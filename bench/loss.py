"""What packet loss leaves of a voice: PESQ-wb and STOI of our stage, of stock aiortc and of Janus, in the same run.

Run from the repository: `.venv/bin/python -m bench.loss [--quick] [--json]`. One Chromium speaks one microphone into
three connections at once, each through a relay that loses UDP packets in both directions by the same seeded plan,
before SRTP. Scored where each server has decoded; per utterance, realigned; the median of five rounds.
"""

import asyncio
import json
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import numpy as np
import structlog
from tests.support.bad_network import Answering, BadNetwork, Loss, answer_of, speaking
from tests.support.hearing import RATE, Samples, Score, score_utterances, utterances, write_wav
from tests.support.peers import StockListener, has_janus, janus
from tests.support.uplink import stage

from bench._limits import exit_code

CONDITIONS = {  # share lost, mean burst
    "no loss": (0.0, 1.0),
    "5 % random": (0.05, 1.0),
    "10 % random": (0.10, 1.0),
    "10 % in bursts of 2.5": (0.10, 2.5),
}
LEAST = {"5 % random": (3.6, 0.95), "10 % random": (3.0, 0.0), "10 % in bursts of 2.5": (2.2, 0.0)}  # of ours
ROUNDS = 5
SETTLING = 6.0  # seconds by which the last of the servers has begun
PAUSE = np.zeros(RATE // 2, np.float32)


async def measure(said: list[Samples], condition: tuple[float, float], rounds: int) -> dict[str, list[Score]]:
    """Each server's rounds."""
    microphone = np.concatenate([np.concatenate((sound, PAUSE)) for sound in said])
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_wav(folder / "microphone.wav", microphone)
        ours, stock = await stack.enter_async_context(stage()), StockListener()
        servers: dict[str, Answering] = {"hustings": partial(answer_of, ours, "voice"), "aiortc": stock.answer}
        other = await stack.enter_async_context(janus()) if has_janus() else None
        if other is not None:
            servers["janus"] = other.answer
        network = BadNetwork(servers, lambda way: Loss(*condition, seed=way))
        await stack.enter_async_context(speaking(network, folder / "microphone.wav"))
        ear = await ours.connected("voice")
        await ours.listen("voice", SETTLING)
        for _ in range(rounds + 1):  # the microphone plays on: a round begins anywhere within two
            await ours.listen("voice", len(microphone) / RATE)
            if other is not None:
                await other.keep_alive()
        heard = {"hustings": ear.sound, "aiortc": stock.sound}
        if other is not None:
            heard["janus"] = await other.sound()
        await stock.close()
    scores = {}
    for server, sound in heard.items():
        scores[server] = await asyncio.to_thread(score_rounds, said, microphone, sound, rounds)
    return scores


def score_rounds(said: list[Samples], microphone: Samples, heard: Samples, rounds: int) -> list[Score]:
    return [
        score_utterances(said, len(PAUSE), heard[number * len(microphone) : (number + 2) * len(microphone)])
        for number in range(rounds)
    ]


def median(scores: list[Score]) -> Score:
    return Score(statistics.median(s.pesq for s in scores), statistics.median(s.stoi for s in scores))


def main() -> int:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # the figures alone go to the output
    rounds = 1 if "--quick" in sys.argv else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        said = utterances(Path(folder))
    if not has_janus() and "--json" not in sys.argv:
        print("  janus is not installed here and is left out (Debian: apt-get install janus)")
    found = {}
    for name, condition in CONDITIONS.items():
        found[name] = {server: median(s) for server, s in asyncio.run(measure(said, condition, rounds)).items()}
        if "--json" not in sys.argv:
            for server, result in found[name].items():
                print(f"  {name:22} {server:9} {result}", flush=True)
    if "--json" in sys.argv:
        print(json.dumps({n: {s: [r.pesq, r.stoi] for s, r in by.items()} for n, by in found.items()}))
    return exit_code(
        *(limit for name, least in LEAST.items() for limit in limits(name, found[name]["hustings"], *least))
    )


def limits(name: str, ours: Score, pesq: float, stoi: float) -> list[tuple[str, bool]]:
    return [
        (f"{name}: PESQ-wb {ours.pesq:.2f}, at least {pesq}", ours.pesq >= pesq),
        (f"{name}: STOI {ours.stoi:.3f}, at least {stoi}", ours.stoi >= stoi),
    ]


if __name__ == "__main__":
    sys.exit(main())
