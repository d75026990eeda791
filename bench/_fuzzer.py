"""The fuzzer of one parser, a process of its own that libFuzzer ends: `python -m bench._fuzzer PARSER [OPTION…]`."""

import sys
from collections.abc import Callable
from typing import Any

import atheris

with atheris.instrument_imports(include=["hustings"]):
    from hustings.audio.red import parse_red
    from hustings.audio.retransmission import parse_nack
    from hustings.audio.rtp import RtpBroken, parse_rtp
    from hustings.audio.rtp_control import parse_rtcp
    from hustings.stage.sdp import BadOffer, parse_fragment, parse_offer

PARSERS: dict[str, tuple[Callable[[bytes], Any], type[Exception]]] = {
    "rtp": (parse_rtp, RtpBroken),
    "rtcp": (parse_rtcp, RtpBroken),
    "red": (parse_red, RtpBroken),
    "nack": (parse_nack, RtpBroken),
    "offer": (lambda data: parse_offer(data.decode("utf-8", "replace")), BadOffer),
    "fragment": (lambda data: parse_fragment(data.decode("utf-8", "replace")), BadOffer),
}


def main(name: str, options: list[str]) -> None:
    """Never returns. A parser may refuse with its own error; whatever else it raises ends the run."""
    parse, refusal = PARSERS[name]

    def one(data: bytes) -> None:
        try:
            parse(data)
        except refusal:
            return

    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
