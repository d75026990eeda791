"""How many listen to a Space: what an edge tells the stage, what the stage makes of all edges, and what is shown.

It counts pages, which say that they listen, and estimates the players that do not. It names nobody.
"""

import msgspec

from hustings.documents.distinct import Packed

TURN = 10.0  # seconds between two words of an edge to the stage
REPORTS_EVERY = 30.0  # seconds between two reports of a page that listens
WITHIN = 45.0  # seconds: one report, and half the time to the next in case it is late


class Turnout(msgspec.Struct, frozen=True):
    """Of a whole installation. Pages are counted; other players are only ever part of what is `estimated`."""

    listening: int = 0  # pages that reported `within` so many seconds and have not said that they left, and others
    estimated: int = 0  # those others: players without a page, by how often playlists are asked for
    peak: int = 0  # the most that listened at once
    unique: int = 0  # different pages that ever listened
    stalled: int = 0  # pages whose sound stopped within the same seconds
    stalled_share: float = 0.0  # of `unique`: whose sound ever stopped; 0 to 1
    one_in: int = 1  # one page in so many is asked to report, and stands for the others
    within: float = WITHIN


class EdgeCount(msgspec.Struct, frozen=True):
    """One Space at one edge. Only sessions of `level` and above are in the sketches that stand for now."""

    edge: str  # names one run of one edge
    level: int  # one page in 2**level stands for all
    wants: int  # the level at which this edge alone would have few enough reports
    here: Packed  # who listens
    came: Packed  # who was heard of since the stage last took a count
    stalled: Packed  # whose sound stopped lately
    estimated: int = 0  # players without a page


class TownCount(msgspec.Struct, frozen=True):
    """What the stage answers to one edge: the whole, and how much of it is not that edge's."""

    turnout: Turnout
    level: int  # the least that all edges are to ask for
    elsewhere: int = 0  # pages that are at other edges only
    elsewhere_estimated: int = 0
    whole: bool = True  # False while a stage that was started anew has not heard of every edge


class Kept(msgspec.Struct, frozen=True):
    """What outlives the stage's process."""

    peak: int = 0
    level: int = 0  # the highest that was ever needed: below it, not everybody was told of
    came: Packed = {}
    stalled: Packed = {}
