"""The built pages through the front door: types, caching, compression, and no dead end."""

import base64
import gzip
import hashlib
from pathlib import Path
from typing import Any

import pytest
from tests.support.settling import until
from tests.wire.edge.conftest import SPACE, Control, Edge, Stage, plan

APP = (
    b'<!doctype html><title>Hustings</title><link rel="icon" type=\'image/svg+xml\' href="/assets/icon-1.svg" />'
    b"<script>inline()</script><script src='/assets/a-1.js'></script>" + b" " * 1500
)
ICON = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
LISTEN = b"<!doctype html><title>Listen</title>"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "assets").mkdir(parents=True)
    (folder / "app.html").write_bytes(APP)
    (folder / "listen.html").write_bytes(LISTEN)
    (folder / "favicon.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "assets" / "a-1.js").write_bytes(b"console.log(1);" * 200)
    (folder / "assets" / "a-1.js.br").write_bytes(b"not really brotli")
    (folder / "assets" / "icon-1.svg").write_bytes(ICON)
    (folder / "assets" / "f-1.woff2").write_bytes(b"font")
    return folder


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/", APP), ("/new", APP), ("/setup", APP), ("/sign-in", APP), ("/me", APP), ("/status", APP),
        ("/@ada", APP), ("/join/abc", APP), (f"/spaces/{SPACE}", LISTEN), (f"/spaces/{SPACE}/stage", APP),
    ],
)  # fmt: skip
async def test_a_known_route_is_a_page(edge: Edge, control: Control, path: str, page: bytes) -> None:
    control.plans[SPACE] = plan()
    control.accounts.add("ada")
    answer = await edge.client.get(path)
    assert answer.status_code == 200
    assert answer.content == page
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/nothing", "/spaces", "/join", "/assets/none.js", "/app.htm", "/@"])
async def test_an_unknown_path_is_the_page_that_says_so(edge: Edge, path: str) -> None:
    answer = await edge.client.get(path)
    assert answer.status_code == 404
    assert answer.content == APP


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/spaces/nope", LISTEN),
        ("/spaces/nope/stage", APP),
        ("/spaces/no%20pe", APP),
        ("/@nobody", APP),
        ("/@é", APP),
    ],
)
async def test_the_page_of_what_does_not_exist_is_a_404(edge: Edge, path: str, page: bytes) -> None:
    answer, head = await edge.client.get(path), await edge.client.head(path)
    assert (answer.status_code, answer.content) == (404, page)
    assert (head.status_code, head.content) == (404, b"")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_a_page_asks_control_once_however_many_open_it_and_not_at_all_of_what_the_feed_carries(
    edge: Edge, stage: Stage, control: Control
) -> None:
    answers = [await edge.client.get("/spaces/nope") for _ in range(5)]
    names = [await edge.client.get("/@nobody") for _ in range(5)]
    assert {answer.status_code for answer in answers + names} == {404}
    assert control.asked == 2

    stage.open()
    await until(lambda: edge.role.spaces.get(SPACE) is not None)
    assert (await edge.client.get(f"/spaces/{SPACE}")).status_code == 200
    assert control.asked == 2


async def test_a_page_is_there_while_control_is_away(edge: Edge, control: Control) -> None:
    async def away(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    control.answer = away
    assert (await edge.client.get(f"/spaces/{SPACE}")).status_code == 200
    assert (await edge.client.get("/@ada")).status_code == 200


async def test_pages_are_fenced_in(edge: Edge) -> None:
    policy = (await edge.client.get("/")).headers["content-security-policy"]
    inline = base64.b64encode(hashlib.sha256(b"inline()").digest()).decode()
    assert f"script-src 'self' 'sha256-{inline}';" in policy
    assert "media-src 'self' blob:" in policy
    assert "object-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]


async def test_assets_are_kept_for_a_year_and_pages_are_not(edge: Edge) -> None:
    asset = await edge.client.get("/assets/a-1.js")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"] == "text/javascript"
    assert (await edge.client.get("/")).headers["cache-control"] == "public, max-age=10"
    assert (await edge.client.get("/assets/f-1.woff2")).headers["content-type"] == "font/woff2"
    assert (await edge.client.get("/favicon.svg")).headers["content-type"] == "image/svg+xml"


async def test_what_browsers_and_crawlers_ask_for_unnamed_is_there(edge: Edge) -> None:
    icon, robots = await edge.client.get("/favicon.ico"), await edge.client.get("/robots.txt")
    assert (icon.status_code, icon.content) == (200, ICON)
    assert icon.headers["content-type"] == "image/svg+xml"
    assert icon.headers["cache-control"] == "public, max-age=3600"
    assert (robots.status_code, robots.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert robots.text.splitlines()[0] == "User-agent: *"
    assert "Disallow: /join/" in robots.text


async def test_what_is_unchanged_is_not_sent_again(edge: Edge) -> None:
    first = await edge.client.get("/")
    again = await edge.client.get("/", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert (await edge.client.get("/", headers={"if-none-match": '"other"'})).status_code == 200


@pytest.mark.parametrize(("accepts", "encoding"), [("gzip, br", "br"), ("gzip", "gzip"), ("identity", None)])
async def test_assets_come_compressed_as_the_browser_likes(edge: Edge, accepts: str, encoding: str | None) -> None:
    async with edge.client.stream("GET", "/assets/a-1.js", headers={"accept-encoding": accepts}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "accept-encoding"
    whole = b"console.log(1);" * 200
    assert raw == {"br": b"not really brotli", None: whole}.get(encoding, raw)
    if encoding == "gzip":
        assert gzip.decompress(raw) == whole


async def test_a_page_is_only_read(edge: Edge) -> None:
    refused = await edge.client.post("/")
    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET, HEAD"
    head = await edge.client.head("/", headers={"accept-encoding": "identity"})
    assert head.headers["content-length"] == str(len(APP))
    assert head.content == b""


class TestWithoutPages:
    @pytest.fixture
    def site(self, tmp_path: Path) -> Path:
        return tmp_path / "none"

    async def test_a_page_says_how_to_build_them(self, edge: Edge, stage: Stage) -> None:
        answer = await edge.client.get(f"/spaces/{SPACE}")
        assert answer.status_code == 503
        assert "make setup" in answer.text
        assert (await edge.client.get("/healthz")).text == "ok"
