"""Debian's nginx with one configuration of ours, in a folder of its own."""

import getpass
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.needs import need_programs
from tests.support.town import eventually, free_port

MAIN = """
user {user}; daemon off; master_process on; worker_processes {workers};
pid {folder}/nginx.pid; error_log {folder}/error.log warn;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
    log_format requests '$request_method $request_uri $status $upstream_addr';
    access_log {folder}/access.log requests;
    client_body_temp_path {folder}/bodies; proxy_temp_path {folder}/proxied; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def prepare(folder: Path, site: str, *, workers: int = 1) -> list[str]:
    """Write it; gives the command that runs it, to which -t may be added."""
    need_programs("nginx")
    folder.mkdir(exist_ok=True)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, workers=workers, user=getpass.getuser()))
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


@contextmanager
def nginx(folder: Path, site: str, *, workers: int = 1) -> Iterator[str]:
    """Run it on a free port of loopback in place of port 80; gives its address."""
    port = free_port()
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("    listen [::]:80;\n", "")
    process = subprocess.Popen(prepare(folder, site, workers=workers), stderr=subprocess.PIPE, text=True)
    try:
        eventually(lambda: process.poll() is not None or (folder / "nginx.pid").exists(), what="nginx")
        assert process.poll() is None, process.communicate()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=10)
