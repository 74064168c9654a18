# SPDX-License-Identifier: Apache-2.0
"""HTTP/3 over QUIC by ngtcp2's client from its server."""

import contextlib
import subprocess
import time

from cells import LONG_BYTES, SHORTEST_S, Protocol, outside
from lab import until

DOMAIN = "quic.act.example"


def server_of(client):
    """The server's address that this client is led to, so that it comes from its own."""
    return "198.51.100." + str(100 + int(client.rsplit(".", 1)[1]))


def name_of(cell):
    return f"{cell.action}.{DOMAIN}"


def hosts_of(clients):
    """Lines of a hosts file: the program takes the name of its handshake from what it was asked to connect to."""
    return "".join(f"{server_of(address)} {action}.{DOMAIN}\n" for action, address in clients.items())


def servers(lab):
    folder = lab.dir / "web" / DOMAIN
    folder.mkdir(exist_ok=True)
    (folder / "long.bin").write_bytes(bytes(LONG_BYTES))
    (folder / "index.html").write_text("This is QUIC.\n")
    started = outside(lab, "quic.log", "gtlsserver", "--htdocs", str(folder), "*", "443",
                      str(lab.dir / "pki/https.act.example.key"), str(lab.dir / "pki/https.act.example.pem"))
    assert until(lambda: ":443 " in lab.outside("ss", "-Hlun").out), "no QUIC server came up"
    return [started]


@contextlib.contextmanager
def told_unreachable(cell):
    """Gives a function that says whether the client's host was told "port unreachable"; the program itself does not listen to it."""
    watch = cell.lab.start_inside("tcpdump", "-nl", "-c", "1", "-i", "lan0", f"icmp[icmptype]=3 and icmp[icmpcode]=3 and dst host {cell.address}",
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while "listening" not in watch.stderr.readline():
        assert watch.poll() is None, "tcpdump did not start"

    def told():
        try:
            watch.wait(5)
        except subprocess.TimeoutExpired:
            return False
        return "port 443 unreachable" in watch.stdout.read()
    yield told
    watch.terminate()
    watch.wait()


def get(cell, path, handshake_s=6):
    """Exit code, seconds, bytes that came."""
    folder = cell.lab.dir / "download" / f"quic-{cell.action}"
    folder.mkdir(exist_ok=True)
    begun = time.monotonic()
    cell.ran = cell.lab.inside("gtlsclient", "--exit-on-all-streams-close", "--timeout", "6s", "--handshake-timeout", f"{handshake_s}s",
                               "--download", str(folder), name_of(cell), "443", f"https://{name_of(cell)}/{path}", timeout=15)
    file = folder / path
    return cell.ran.code, time.monotonic() - begun, file.stat().st_size if file.exists() else 0


def loads(cell, path="index.html", least_s=0.0):
    code, seconds, size = get(cell, path)
    cell.saw("client", f"ended with {code}, {size} bytes in {seconds:.1f} s")
    cell.check(code == 0 and size > 0, f"the page should load: {cell.ran.err[-300:]}")
    cell.check(seconds >= least_s, f"{size} bytes took {seconds:.2f} s, {least_s} s at least were due")


def refused(cell):
    with told_unreachable(cell) as told:
        _, _, size = get(cell, "index.html", 1)
        cell.check(told(), "the client should be told that the port is unreachable")
    cell.saw("client", f"port unreachable, {size} bytes")
    cell.check(size == 0, "nothing should come")


def recorded(play, action, *arguments, rule=None):
    def played(cell):
        play(cell, *arguments)
        cell.check_recorded(rule or f"{cell.action}-web", action, object=name_of(cell))
    return played


CELLS = {"allow": loads, "report": recorded(loads, "report"), "limit": recorded(loads, "limit", "long.bin", SHORTEST_S),
         "continue": recorded(refused, "continue", rule="continue-quic"), "page": recorded(refused, "page"), "block": recorded(refused, "block"),
         "trial": recorded(loads, "would block")}
PROTOCOLS = (Protocol("quic", CELLS),)
