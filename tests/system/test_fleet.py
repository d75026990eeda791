"""Two edges behind a load balancer, and listeners who notice neither a machine that dies nor one that is renewed."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.support.evening import evening, nobody_heard_a_break
from tests.support.fleet import DistantEdge
from tests.support.hearing import voices, write_wav
from tests.support.nginx import nginx
from tests.support.town import Town

from hustings.base.grid import SEGMENT_SECONDS
from hustings.ops.deployment import Deployment, Kind

SILENT_AT_MOST = 5.0  # seconds


@pytest.fixture
def edges(town: Town) -> Iterator[tuple[DistantEdge, DistantEdge]]:
    with ExitStack() as stack:
        pair = DistantEdge(town), DistantEdge(town)
        for edge in pair:
            edge.start()
            stack.callback(edge.lose)
        for edge in pair:
            edge.serves("/healthz")
        yield pair


@pytest.mark.timeout(150)
def test_an_edge_that_dies_and_edges_that_are_renewed_in_turn_are_heard_by_nobody(
    town: Town, edges: tuple[DistantEdge, DistantEdge], browser: Browser, tmp_path: Path
) -> None:
    write_wav(tmp_path / "said.wav", voices(tmp_path)["en-us"])
    addresses = tuple(edge.address for edge in edges)
    site = Deployment("localhost", Path("/x"), Path("/x"), addresses, cache=tmp_path / "cache").written(Kind.NGINX)
    with nginx(tmp_path / "nginx", site) as door, evening(town, browser, tmp_path / "said.wav", door) as going:
        page = going.hls.page
        playlist = f"/spaces/{going.space}/live/aac64/ll.m3u8"
        edges[0].lose()
        page.wait_for_timeout(SEGMENT_SECONDS * 1000)
        for edge in edges:
            edge.stop()
            edge.start()
            edge.serves(playlist)
            page.wait_for_timeout(SEGMENT_SECONDS * 1000)
        town.api("POST", f"/spaces/{going.space}/end")
        nobody_heard_a_break(town, going, SILENT_AT_MOST)
    served = (tmp_path / "nginx" / "access.log").read_text()
    assert all(address in served for address in addresses)
