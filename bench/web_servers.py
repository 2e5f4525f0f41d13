"""The two that are compared: the API as ``yihu serve`` runs it, and nginx over the very same object."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from bench.measure import RunFailed
from bench.processes import Family, first_line, free_port, listening, running
from storage.local_s3 import LocalS3
from storage.objects import Bucket, Stored
from storage.s3 import BUCKETS, S3Store

_NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
OBJECT = "/original"
_SIGNED_FOR = timedelta(hours=6)

_CONFIGURATION = """\
{user}
daemon off;
master_process on;
worker_processes auto;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 65;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port};
    location = {object} {{
      {where}
    }}
  }}
}}
"""
"""As Debian delivers it (sendfile, tcp_nopush, a worker for each core), with what it writes in a directory of its own."""

_PROXY = """\
proxy_pass {url};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host {host};
      # an object that is larger than the buffers would be copied to the disk first
      proxy_max_temp_file_size 0;"""


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that runs, and where it shows the object to whom."""

    port: int
    family: Family


@contextmanager
def yihu_serve(home: Path, work: Path) -> Iterator[Serving]:
    """Run ``yihu serve`` over the office in *home*."""
    log = work / "serve.log"
    words = [sys.executable, "-m", "yihu", "serve", "--port", "0", "--config", str(home)]
    with running(words, log) as process:
        line = first_line(process, log)
        port = urlsplit(line[line.find("http") :]).port
        if port is None:
            raise RunFailed(line)
        yield Serving(port, Family(process.pid))


def nginx_is_there() -> bool:
    """Say whether it can be run."""
    return Path(_NGINX).exists()


@contextmanager
def nginx(where: str, work: Path) -> Iterator[Serving]:
    """Run nginx that answers ``/original`` as *where* says (`from_folder`, `from_s3`)."""
    work.mkdir()
    port, log = free_port(), work / "nginx.log"
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = _CONFIGURATION.format(user=user, port=port, object=OBJECT, where=where)
    (work / "nginx.conf").write_text(configuration)
    with running([_NGINX, "-e", "stderr", "-p", str(work), "-c", str(work / "nginx.conf")], log) as process:
        listening(process, log, port)
        yield Serving(port, Family(process.pid))


def from_folder(root: Path, stored: Stored) -> str:
    """Let nginx give the file in which a folder keeps an object."""
    [path] = (root / stored.name.bucket.value).rglob(f"{stored.version}.bytes")
    return f"alias {path};"


def from_s3(server: LocalS3, stored: Stored) -> str:
    """Let nginx proxy the object of a server, by an address that is signed once."""
    store = S3Store(server.endpoint, access_key=server.access_key, secret_key=server.secret_key)
    bucket = BUCKETS[Bucket(stored.name.bucket)]
    url = store.client.presigned_get_object(bucket, stored.name.key, _SIGNED_FOR, version_id=stored.version)
    return _PROXY.format(url=url, host=urlsplit(server.endpoint).netloc)
