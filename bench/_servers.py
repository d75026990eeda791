"""The servers that bench/edge.py compares, each on one core: our edge, nginx with its bytes as files or in front of
it, and Icecast. Every one ends with its context; what is not installed is not started.
"""

import gzip
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.asgi import free_port
from tests.support.certificates import certificate

from bench._edge_alone import BEFORE, EPOCH, PART_BYTES, RENDITION, SPACE
from bench._load import Address
from hustings.base.grid import PART_SECONDS, PARTS_PER_SEGMENT
from hustings.hls import playlist
from hustings.hls.window import MediaPart, Window

ITS_CORE = 0
PLAIN = f"/spaces/{SPACE}/live/{RENDITION}/plain.m3u8"
LOW_LATENCY = f"/spaces/{SPACE}/live/{RENDITION}/ll.m3u8"
MEDIA = f"/spaces/{SPACE}/media/{RENDITION}"
A_PART = f"{MEDIA}/p{BEFORE - 4}-{EPOCH}.m4s"
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
OPENING = 60.0  # seconds within which a server must answer, on a machine that has much else to do

_NGINX = """daemon off; master_process off; worker_rlimit_nofile 19900; pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections 19000; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000; keepalive_timeout 60s;
    {paths}
    {http}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        {listen}
        {server}
    }}
}}
"""
# The same headers as ours. Playlists lie there compressed already, as ours are in memory.
_FILES = """root {folder}/files; etag off; types {{ audio/mp4 m4s; application/vnd.apple.mpegurl m3u8; }}
        add_header Access-Control-Allow-Origin *;
        location /spaces/{space}/media/ {{ add_header Cache-Control "public, max-age=31536000, immutable";
            add_header Access-Control-Allow-Origin *; }}
        location /spaces/{space}/live/ {{ add_header Cache-Control "public, max-age=1"; add_header Vary accept-encoding;
            add_header Content-Encoding gzip; add_header Access-Control-Allow-Origin *; }}"""  # noqa: E501
# Blocking reloads pass the cache by: its lock is polled every 500 ms, and the edge holds them as one anyway. An error
# is kept a second, and a lock outlives the longest block, or a stage that stalls makes each client a request of its
# own.
_IN_FRONT = """proxy_cache_path {folder}/cache keys_zone=hls:10m max_size=256m inactive=2m use_temp_path=off;
    map $arg__HLS_msn $blocks {{ "" 0; default 1; }}
    upstream edge {{ server 127.0.0.1:{behind}; keepalive 512; }}"""
_PROXY = """location / {{
            proxy_pass http://edge; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_read_timeout 30s;
            proxy_cache hls; proxy_cache_key $uri|$arg__HLS_msn|$arg__HLS_part|$arg__HLS_skip;
            proxy_cache_bypass $blocks; proxy_no_cache $blocks;
            proxy_cache_lock on; proxy_cache_lock_timeout 60s; proxy_cache_lock_age 60s;
            proxy_cache_valid 404 500 502 503 504 1s;
            proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;
        }}"""
_ICECAST = """<icecast>
<limits><clients>19000</clients><sources>2</sources><queue-size>524288</queue-size><burst-on-connect>0</burst-on-connect>
<header-timeout>15</header-timeout><source-timeout>10</source-timeout></limits>
<authentication><source-password>k</source-password><admin-user>a</admin-user><admin-password>k</admin-password>
</authentication><hostname>localhost</hostname>
<listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket><fileserve>0</fileserve>
<paths><logdir>{folder}</logdir><webroot>{folder}</webroot><adminroot>{folder}</adminroot></paths>
<logging><accesslog>access</accesslog><errorlog>error</errorlog><loglevel>1</loglevel></logging>
<security><chroot>0</chroot>{owner}</security></icecast>
"""
_OWNER = "<changeowner><user>nobody</user><group>nogroup</group></changeowner>"


@dataclass(frozen=True)
class Published:
    """When an edge publishes, from what it said of one part: the grid has no drift."""

    number: int
    at: float

    def newest(self, now: float) -> int:
        """The number of the newest part."""
        return self.number + int((now - self.at) / PART_SECONDS)

    def newest_segment(self, now: float) -> int:
        return (self.newest(now) + 1) // PARTS_PER_SEGMENT - 1


@dataclass(frozen=True)
class Server:
    """Whose processor time is counted, and where to ask."""

    processes: tuple[subprocess.Popen[bytes], ...]
    where: Address
    secure: Address | None = None
    published: Published = Published(BEFORE - 1, 0.0)
    said: Path | None = None  # where the edge writes when it published what


def installed(*programs: str) -> bool:
    """Debian keeps servers where only root looks."""
    return all(shutil.which(program, path=PATH) for program in programs)


@contextmanager
def started(words: Sequence[str], said: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process on the core of the servers, until the context ends."""
    words = ["taskset", "-c", str(ITS_CORE), *words]
    with (said or Path(os.devnull)).open("wb") as told:
        process = subprocess.Popen(words, stdout=told, stderr=subprocess.DEVNULL, env=os.environ | {"PATH": PATH})
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def answers(where: Address, process: subprocess.Popen[bytes]) -> None:
    """Wait until it takes connections there."""
    until = time.monotonic() + OPENING
    while True:
        try:
            socket.create_connection(where, timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def edge(folder: Path, host: str = "127.0.0.1", *, secure: bool = False) -> Iterator[Server]:
    """Our edge with a feed, over TLS where asked."""
    port = free_port()
    said = folder / f"said-{port}"
    words = [sys.executable, "-m", "bench._edge_alone", str(port), host]
    if secure:
        made = certificate(folder, host)
        words += [str(made.file), str(made.key)]
    with started(words, said) as process:
        answers((host, port), process)
        while len(told := said.read_text().split()) < 2:
            time.sleep(0.05)
        published = Published(int(told[0]), float(told[1]))
        yield Server((process,), (host, port), (host, port) if secure else None, published, said)


@contextmanager
def nginx_with_files(folder: Path) -> Iterator[Server]:
    """nginx with parts, segments and playlists as our edge makes them, as files; plain and over TLS."""
    begun = time.monotonic()
    _write_files(folder / "files")
    secure, made = free_port(), certificate(folder, "127.0.0.1")
    listen = f"listen 127.0.0.1:{secure} ssl http2; ssl_certificate {made.file}; ssl_certificate_key {made.key};"
    server = _FILES.format(folder=folder, space=SPACE)
    with _nginx(folder, listen=listen, server=server, http="open_file_cache max=1000;") as (process, port):
        where = ("127.0.0.1", port)
        yield Server((process,), where, ("127.0.0.1", secure), Published(BEFORE - 1, begun))


@contextmanager
def edge_behind_nginx(folder: Path) -> Iterator[Server]:
    """nginx keeps what may be kept and passes on what blocks; both on the one core."""
    with edge(folder) as behind:
        http = _IN_FRONT.format(folder=folder, behind=behind.where[1])
        with _nginx(folder, server=_PROXY.format(), http=http) as (process, port):
            yield replace(behind, processes=(*behind.processes, process), where=("127.0.0.1", port))


@contextmanager
def icecast(folder: Path, codec: str) -> Iterator[Server]:
    """Icecast with one source of 64 kbit/s: "opus" in Ogg, a page a second, or "aac" as it is."""
    port = free_port()
    owner = _OWNER if os.geteuid() == 0 else ""
    folder.chmod(0o777)
    (folder / "icecast.xml").write_text(_ICECAST.format(port=port, folder=folder, owner=owner))
    form = {
        "opus": ["-c:a", "libopus", "-vbr", "off", "-content_type", "application/ogg", "-f", "ogg"],
        "aac": ["-c:a", "aac", "-content_type", "audio/aac", "-f", "adts"],
    }[codec]
    noise = ["-re", "-f", "lavfi", "-i", "anoisesrc=r=48000:a=0.1", "-b:a", "64k"]
    with started(["icecast2", "-c", str(folder / "icecast.xml")]) as process:
        answers(("127.0.0.1", port), process)
        source = subprocess.Popen(
            ["ffmpeg", "-v", "quiet", *noise, *form, f"icecast://source:k@127.0.0.1:{port}/live"],
            stdin=subprocess.DEVNULL,
        )
        try:
            time.sleep(3.0)  # until what it sends has begun
            yield Server((process,), ("127.0.0.1", port))
        finally:
            source.terminate()
            source.wait()


@contextmanager
def _nginx(
    folder: Path, *, server: str, http: str, listen: str = ""
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    kept = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{name}_temp_path {folder}/{name};" for name in kept)
    written = folder / "nginx.conf"
    written.write_text(_NGINX.format(folder=folder, port=port, paths=paths, http=http, listen=listen, server=server))
    with started(["nginx", "-c", str(written)]) as process:
        answers(("127.0.0.1", port), process)
        yield process, port


def _write_files(root: Path) -> None:
    """What an edge publishes in its first minutes, and one playlist of its usual length."""
    window = Window()
    media = root / MEDIA[1:]
    media.mkdir(parents=True)
    data = os.urandom(PART_BYTES)
    for number in range(BEFORE):
        window.add(MediaPart(number, EPOCH, data))
    text = playlist.plain(window, init="init-0000000000000000.mp4", media=f"../../media/{RENDITION}/", doors_at=1e9)
    at = root / PLAIN[1:]
    at.parent.mkdir(parents=True)
    at.write_bytes(gzip.compress(text.encode(), compresslevel=6, mtime=0))
    (root / A_PART[1:]).write_bytes(data)
    for msn in range(BEFORE // PARTS_PER_SEGMENT + 200):
        (media / f"s{msn}-{EPOCH}.m4s").write_bytes(data * PARTS_PER_SEGMENT)
