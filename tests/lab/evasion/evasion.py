#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In a lab that is up: plays every trick (tricks.py) with a blocked and with an allowed name, IPv4 and IPv6, against a
server that says what its application reads. Over a bridge it notes which requests a server takes at all. Over Weir:
the application never has a blocked name, each such flow was refused, and an allowed name that the bridge let
through arrives as well."""

import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.environ["LAB_SOURCE"])
sys.path.insert(0, os.path.dirname(__file__))
import tricks  # noqa: E402
import wire  # noqa: E402
from lab import Lab, until  # noqa: E402
from lib import payloads  # noqa: E402

PORTS = {tricks.TLS: 7443, tricks.HTTP: 7080}
SERVERS = {4: "198.51.100.10", 6: "2001:db8:100::10"}
CLIENTS = {4: "10.20.0.77", 6: "fd00:20::77"}
NAMES = {"blocked": "bet.example", "allowed": "allowed.example"}
FILLER = {"blocked": "oak.example", "allowed": "another.example"}  # a decoy's name, as long as the other's
SETTLE_S = 1.5
# Known and safe: the blocked name never arrives, but neither does an allowed one, and nothing is recorded but conflicts.
# The first copy of a byte wins: in T09b nobody can tell that the server ignored it, in T11 it was never forwarded.
KNOWN = {"T09b", "T11"}


def request(family, name):
    if family == tricks.TLS:
        return payloads.tls(name)
    return f"GET / HTTP/1.1\r\nHost: {name}\r\nUser-Agent: evasion\r\n\r\n".encode()


def play_all():
    """In the clients' namespace: prints {id: client port} of every case."""
    link = wire.Wire("lan0", bytes.fromhex(sys.argv[2].replace(":", "")))
    port = 20000
    for number, family, connect, play in tricks.ALL:
        for version in (4, 6):
            for kind, name in NAMES.items():
                port += 1
                isn = 0xffffff00 if number == "T30" else (port * 7919) % 2**31
                tcp = wire.Tcp(link, (CLIENTS[version], port), (SERVERS[version], PORTS[family]), isn)
                connected = not connect or tcp.connect()
                if connected:
                    play(tcp, request(family, name), request(family, FILLER[kind]), name)
                print(json.dumps([number, version, kind, port, connected]), flush=True)


def inner_name(family, data):
    """The name as the server's own parser reads it: TLS records joined, lines and case as HTTP has them."""
    if family == tricks.TLS:
        joined, at = b"", 0
        while at + 5 <= len(data) and data[at] == 0x16:
            size = int.from_bytes(data[at + 3:at + 5], "big")
            joined, at = joined + data[at + 5:at + 5 + size], at + 5 + size
        return joined
    return b" ".join(re.findall(rb"(?i)(?:^|\n)host:[ \t]*([^\r\n]*)\r?\n", data)).lower()


def main():
    if len(sys.argv) > 2:
        return play_all()
    lab, taken_path = Lab(), pathlib.Path(sys.argv[1])
    mac = lab.outside("cat", "/sys/class/net/wan0/address").out.strip()
    inside_mac = lab.inside("cat", "/sys/class/net/lan0/address").out.strip()
    for address in CLIENTS.values():
        lab.outside("ip", "neigh", "replace", address, "lladdr", inside_mac, "dev", "wan0", "nud", "permanent")
    here = pathlib.Path(__file__).parent
    server = subprocess.Popen(["ip", "netns", "exec", os.environ["LAB_OUT"], "/usr/bin/python3", str(here / "server.py"),
                               *map(str, PORTS.values())], stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    read = {}
    reader = threading.Thread(target=lambda: [read.__setitem__(int(port), read.get(int(port), b"") + bytes.fromhex(data))
                                              for port, data in map(str.split, server.stdout)], daemon=True)
    reader.start()
    played = lab.inside("/usr/bin/python3", __file__, "play", mac, timeout=80)
    cases = [json.loads(line) for line in played.out.splitlines()]
    print(f"  {len(cases)} connections played {played.err[-300:]}")
    time.sleep(SETTLE_S)  # what is still on its way, held ones included
    refused = {row["initiator_port"] for row in lab.flows(port=PORTS[tricks.TLS]) + lab.flows(port=PORTS[tricks.HTTP])
               if row["verdict"] == "reset"} if lab.weir else set()
    recorded = not lab.weir or lab.violation(rule="no-gambling", object=NAMES["blocked"])
    server.terminate()
    server.wait()
    arrived = {}
    for number, version, kind, port, _ in cases:
        family = next(entry[1] for entry in tricks.ALL if entry[0] == number)
        arrived[f"{number} {version} {kind}"] = NAMES[kind].encode() in inner_name(family, read.get(port, b""))
    if not lab.weir:
        taken_path.write_text(json.dumps(arrived))
        print(f"  a server takes {sum(arrived.values())} of {len(arrived)}")
        return 0
    if not recorded:
        print("  MISSED: no violation was recorded")
    return judge(cases, arrived, json.loads(taken_path.read_text()), refused) or (0 if recorded else 1)


def judge(cases, arrived, taken, refused):
    """Where the urgent pointer is cleared (T14), the letter stays in its place: the server reads another name than over
    the bridge, which is the one that was judged. So the blocked one must not arrive, and that is all."""
    score, news = {}, 0
    for number, version, kind, port, connected in cases:
        case = f"{number} {version} {kind}"
        family = next(entry[1] for entry in tricks.ALL if entry[0] == number)
        if kind == "blocked":
            wrong = "the blocked name arrived" if arrived[case] else ""
            if not wrong and taken[case] and port not in refused and number != "T14":
                wrong = "no refusal on record"
        else:
            lost = taken[case] and not arrived[case] and number != "T14"
            wrong = "the allowed name did not arrive" if lost else ""
        passed, total = score.get(family, (0, 0))
        score[family] = (passed + (not wrong), total + 1)
        if wrong:
            news += number not in KNOWN
            print(f"  {'known: ' if number in KNOWN else ''}MISSED {case}: {wrong}{'' if connected else ' (no handshake)'}")
    print("evasion: " + ", ".join(f"{family} {passed}/{total}" for family, (passed, total) in score.items()))
    return 1 if news else 0


if __name__ == "__main__":
    sys.exit(main())
