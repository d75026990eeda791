"""Offers read and answers written (RFC 8866, 8829, 9725): pure text in, text out.

A speaker's offer has one audio line with Opus; a video line (OBS sends one) is accepted and its packets
discarded; anything else is declined. It never opens a socket and knows nothing of aiortc.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hustings.base.errors import Invalid
from hustings.base.sizes import DOCUMENT

MAX_MEDIA: Final = 8  # m-lines
MAX_LINES: Final = 1000  # a browser's offer with video has 300; an offer of all lines and formats is read in 5 ms
MAX_FORMATS: Final = 128  # of an m-line: payload types have 7 bits
MAX_CANDIDATES: Final = 32  # each costs connectivity checks to wherever it points; a laptop with a VPN has ten
LEVEL_URI: Final = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
MID_URI: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
OPUS_PARAMETERS: Final = "minptime=10;useinbandfec=1;usedtx=0;stereo=0;maxaveragebitrate=64000"
_MEDIA_LINE = re.compile(r"^(audio|video|application|text|message) (\d{1,5})(?:/\d+)? (\S{1,64}) (.{1,1024})$")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_TOKEN = re.compile(r"^[\x21-\x7e]{1,256}$")
_DIRECTIONS: Final = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})


class BadOffer(Invalid):
    """The session description cannot be understood, or asks for what a stage does not do."""

    code = "bad_offer"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class RemoteTransport:
    """Where and who the speaker is. `candidates` as their lines' values, without mDNS names."""

    ufrag: str
    password: str
    fingerprints: tuple[Fingerprint, ...]
    setup: str  # actpass, active or passive
    ice_lite: bool
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """What we put into the answer. `candidates` as values of their lines."""

    ufrag: str
    password: str
    fingerprint: Fingerprint
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line of an offer."""

    kind: str
    protocol: str
    formats: tuple[str, ...]
    attributes: Mapping[str, Sequence[str]]  # values by name, names in the order of the offer
    codecs: Mapping[str, str]  # the rtpmaps: payload type to name and clock, such as opus/48000/2

    def values(self, name: str) -> Sequence[str]:
        return self.attributes.get(name, ())

    def first(self, name: str) -> str:
        return next(iter(self.values(name)), "")

    def has(self, name: str) -> bool:
        return name in self.attributes

    @property
    def mid(self) -> str:
        return self.first("mid")

    @property
    def direction(self) -> str:
        return next((name for name in self.attributes if name in _DIRECTIONS), "sendrecv")

    def codec(self, payload_type: str) -> str:
        """The rtpmap's name and clock; empty if there is none."""
        return self.codecs.get(payload_type, "")

    @property
    def picture(self) -> str | None:
        """The first payload type that is a video codec rather than its protection."""
        for payload_type in self.formats:
            name = self.codec(payload_type).partition("/")[0].lower()
            if name and name not in {"rtx", "red", "ulpfec", "flexfec-03"}:
                return payload_type
        return None

    def takes_nack(self, payload_type: str) -> bool:
        """Whether the sender of this section repeats packets on request (RFC 4585)."""
        return any(value.split() in ([payload_type, "nack"], ["*", "nack"]) for value in self.values("rtcp-fb"))

    def extension(self, uri: str) -> int | None:
        for value in self.values("extmap"):
            identifier, _, name = value.partition(" ")
            number = identifier.partition("/")[0]
            if name.strip() == uri and number.isdigit() and 1 <= int(number) <= 14:
                return int(number)
        return None


@dataclass(frozen=True, slots=True)
class Offer:
    sections: tuple[Section, ...]
    bundled: frozenset[str]
    audio: Section
    payload_type: int
    transport: RemoteTransport

    @property
    def redundant_type(self) -> int | None:
        """RFC 2198 over our Opus, if the speaker's program can send and read it."""
        own, said = str(self.payload_type), frozenset(self.audio.values("fmtp"))
        for payload_type in self.audio.formats:
            is_red = self.audio.codec(payload_type).lower() == "red/48000/2" and _is_free(payload_type)
            if is_red and f"{payload_type} {own}/{own}" in said:
                return int(payload_type)
        return None

    @property
    def repeats(self) -> bool:
        """Whether lost packets may be asked for, and will be asked for."""
        return self.audio.takes_nack(str(self.payload_type))

    @property
    def sends_back(self) -> bool:
        """Whether the speaker wants to hear the others on this connection."""
        return self.audio.direction == "sendrecv"

    def accepts(self, section: Section) -> bool:
        """Video rides along in the same bundle and is thrown away; what needs a transport of its own is declined."""
        if section is self.audio:
            return True
        return section.kind == "video" and section.mid in self.bundled and section.picture is not None

    @property
    def setup(self) -> str:
        """Our DTLS role: we open, unless the offer keeps that for itself."""
        return "passive" if self.transport.setup == "active" else "active"


def parse_offer(text: str) -> Offer:
    """Raises BadOffer with a sentence."""
    session, sections = _split(text)
    audios = [section for section in sections if section.kind == "audio"]
    if len(audios) != 1:
        raise BadOffer("A speaker's offer has exactly one audio line. This one has another number of them.")
    audio = audios[0]
    if audio.direction not in {"sendrecv", "sendonly"}:
        raise BadOffer("This address takes a microphone: the offer's audio line must send.")
    if not audio.has("rtcp-mux"):
        raise BadOffer("The offer's audio line must use rtcp-mux.")
    groups = [group.split() for group in session.values("group")]
    bundled = frozenset(mid for group in groups if group[:1] == ["BUNDLE"] for mid in group[1:])
    return Offer(
        sections=sections,
        bundled=bundled,
        audio=audio,
        payload_type=_opus(audio),
        transport=_transport(session, audio, [s for s in sections if s.mid in bundled and s is not audio]),
    )


def _split(text: str) -> tuple[Section, tuple[Section, ...]]:
    lines = _lines(text)
    if lines[:1] != ["v=0"]:
        raise BadOffer("This is no session description (SDP).")
    groups: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            groups.append([])
        groups[-1].append(line)
    if not 2 <= len(groups) <= MAX_MEDIA + 1:
        raise BadOffer(f"A speaker's offer has one to {MAX_MEDIA} media lines.")
    return _attributed("session", "", (), groups[0]), tuple(_section(group) for group in groups[1:])


def _lines(text: str) -> list[str]:
    """The attack: a description that takes the stage longer to read than one tick."""
    if len(text) > DOCUMENT or _CONTROL.search(text):
        raise BadOffer("This is no session description (SDP): it is too long, or has control characters in it.")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_LINES:
        raise BadOffer(f"A session description has at most {MAX_LINES} lines here.")
    return lines


def _attributed(kind: str, protocol: str, formats: tuple[str, ...], lines: Iterable[str]) -> Section:
    attributes: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            attributes.setdefault(name, []).append(value.strip())
    codecs: dict[str, str] = {}
    for value in attributes.get("rtpmap", ()):
        payload_type, _, codec = value.partition(" ")
        codecs.setdefault(payload_type, codec)
    return Section(kind, protocol, formats, attributes, codecs)


def _section(lines: list[str]) -> Section:
    match = _MEDIA_LINE.match(lines[0][2:])
    if match is None:
        raise BadOffer("One of the offer's media lines cannot be read.")
    section = _attributed(match[1], match[3], tuple(match[4].split()[:MAX_FORMATS]), lines[1:])
    if section.mid and _TOKEN.match(section.mid) is None:
        raise BadOffer("One of the offer's media identifiers (mid) cannot be read.")
    return section


def _opus(audio: Section) -> int:
    for payload_type in audio.formats:
        if audio.codec(payload_type).lower().startswith("opus/48000") and _is_free(payload_type):
            return int(payload_type)
    raise BadOffer("The offer's audio line has no Opus, which is the codec spoken here.")


def _is_free(payload_type: str) -> bool:
    """64 to 95 would look like RTCP (RFC 5761 §4)."""
    return payload_type.isascii() and payload_type.isdigit() and int(payload_type) in {*range(64), *range(96, 128)}


def _transport(session: Section, audio: Section, others: Sequence[Section]) -> RemoteTransport:
    places = (audio, session, *others)

    def find(name: str) -> str:
        return next((place.first(name) for place in places if place.has(name)), "")

    fingerprints = next((place.values("fingerprint") for place in places if place.has("fingerprint")), [])
    ufrag, password, setup = find("ice-ufrag"), find("ice-pwd"), find("setup") or "actpass"
    if not 4 <= len(ufrag) <= 256 or not 22 <= len(password) <= 256 or not fingerprints:
        raise BadOffer("The offer lacks ICE credentials or a DTLS fingerprint: it must be a WebRTC offer.")
    if setup not in {"actpass", "active", "passive"}:
        raise BadOffer("The offer's DTLS role (setup) is none that exists.")
    return RemoteTransport(
        ufrag=ufrag,
        password=password,
        fingerprints=tuple(_fingerprint(value) for value in fingerprints[:8]),
        setup=setup,
        ice_lite=session.has("ice-lite"),
        candidates=usable_candidates(audio.values("candidate")),
    )


def _fingerprint(value: str) -> Fingerprint:
    algorithm, _, digest = value.partition(" ")
    if re.fullmatch(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){15,63}", digest.strip()) is None:
        raise BadOffer("The offer's DTLS fingerprint cannot be read.")
    return Fingerprint(algorithm.lower(), digest.strip().upper())


def usable_candidates(values: Sequence[str]) -> tuple[str, ...]:
    """Without TCP and without names: resolving a `.local` name costs a second, and ICE finds the address."""
    looked_at = values[: 2 * MAX_CANDIDATES]
    return tuple([value for value in looked_at if _is_usable(value.split())][:MAX_CANDIDATES])


def _is_usable(fields: list[str]) -> bool:
    """RFC 8839 §5.1. The attack: a port or an address at which sending fails, or which is everybody's."""
    if len(fields) < 8 or fields[2].lower() != "udp" or not (_is_number(fields[3], 32) and _is_number(fields[5], 16)):
        return False
    try:
        address = ipaddress.ip_address(fields[4])
    except ValueError:
        return False
    return int(fields[5]) > 0 and not (address.is_multicast or address.is_unspecified)


def _is_number(text: str, bits: int) -> bool:
    return len(text) <= 10 and text.isascii() and text.isdigit() and int(text) < 1 << bits


@dataclass(frozen=True, slots=True)
class Fragment:
    """A trickled piece (RFC 8840): more candidates, or with other credentials an ICE restart."""

    ufrag: str
    candidates: tuple[str, ...]


def parse_fragment(text: str) -> Fragment:
    """Raises BadOffer."""
    lines = _lines(text)
    if any(line[1:2] != "=" for line in lines):
        raise BadOffer("This is no fragment of a session description.")
    section = _attributed("fragment", "", (), lines)
    return Fragment(section.first("ice-ufrag"), usable_candidates(section.values("candidate")))


def build_answer(offer: Offer, local: LocalTransport, *, ssrc: int, cname: str, session: int) -> str:
    """The whole answer, with all our candidates: a WHIP server cannot trickle (RFC 9725 §4.3)."""
    accepted = [section.mid for section in offer.sections if offer.accepts(section)]
    lines = ["v=0", f"o=- {session} 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    if offer.bundled:
        lines.append("a=group:BUNDLE " + " ".join(accepted))
    lines.append("a=msid-semantic: WMS *")
    for section in offer.sections:
        if section is offer.audio:
            lines += _audio_lines(offer, local, ssrc, cname)
        elif offer.accepts(section):
            lines += _discarded_lines(offer, section, local)
        else:
            lines += [f"m={section.kind} 0 {section.protocol} {' '.join(section.formats[:1])}", "c=IN IP4 0.0.0.0"]
            lines += [f"a=mid:{section.mid}", "a=inactive"] if section.mid else ["a=inactive"]
    return "\r\n".join(lines) + "\r\n"


def _transport_lines(offer: Offer, local: LocalTransport) -> list[str]:
    return [
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        "a=ice-options:trickle",
        f"a=fingerprint:{local.fingerprint.algorithm} {local.fingerprint.value}",
        f"a=setup:{offer.setup}",
    ]


def _audio_lines(offer: Offer, local: LocalTransport, ssrc: int, cname: str) -> list[str]:
    number, redundant = offer.payload_type, offer.redundant_type
    # What comes first is what a browser sends: each frame twice, where it can.
    formats = f"{number}" if redundant is None else f"{redundant} {number}"
    lines = [f"m=audio 9 {offer.audio.protocol} {formats}", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0"]
    lines += [f"a=candidate:{candidate}" for candidate in local.candidates]
    lines += ["a=end-of-candidates", *_transport_lines(offer, local)]
    lines += [f"a=mid:{offer.audio.mid}"] if offer.audio.mid else []
    for uri in (LEVEL_URI, MID_URI):
        identifier = offer.audio.extension(uri)
        lines += [f"a=extmap:{identifier} {uri}"] if identifier is not None else []
    lines += ["a=sendrecv" if offer.sends_back else "a=recvonly", "a=rtcp-mux"]
    lines += [f"a=rtpmap:{number} opus/48000/2", f"a=fmtp:{number} {OPUS_PARAMETERS}", "a=ptime:20"]
    if redundant is not None:
        lines += [f"a=rtpmap:{redundant} red/48000/2", f"a=fmtp:{redundant} {number}/{number}"]
    lines += [f"a=rtcp-fb:{number} nack"] if offer.repeats else []
    if offer.sends_back:
        lines += ["a=msid:hustings mix-minus", f"a=ssrc:{ssrc} cname:{cname}"]
    return lines


def _discarded_lines(offer: Offer, section: Section, local: LocalTransport) -> list[str]:
    number = section.picture
    assert number is not None
    lines = [f"m={section.kind} 9 {section.protocol} {number}", "c=IN IP4 0.0.0.0", f"a=mid:{section.mid}"]
    lines += [
        *_transport_lines(offer, local),
        "a=recvonly",
        "a=rtcp-mux",
        f"a=rtpmap:{number} {section.codec(number)}",
    ]
    return lines + [f"a=fmtp:{value}" for value in section.values("fmtp") if value.startswith(number + " ")]
