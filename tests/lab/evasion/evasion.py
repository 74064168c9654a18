#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In a lab that is up: plays every case of the catalogue (cases/) with a blocked and with an allowed name, IPv4 and IPv6,
against servers that say what their applications read. Over a bridge it notes which names the servers take at all. Over
Weir: no server has a blocked name, an event says that each such flow was blocked, and an allowed name that the bridge let
through arrives as well. evasion.py FILE-OF-WHAT-IS-TAKEN."""

import collections
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, os.environ["LAB_SOURCE"])
sys.path.insert(0, str(pathlib.Path(os.environ["LAB_REPOSITORY"]) / "tests/scenario"))
sys.path.insert(0, str(HERE))
import cases  # noqa: E402
import oracles  # noqa: E402
import play  # noqa: E402
import ports  # noqa: E402
import quic_seal  # noqa: E402
from lab import Lab, until  # noqa: E402

FAMILIES = ("tls", "http", "smtp", "quic", "dns")
SETTLE_S = 2.0
PYTHON = "/usr/bin/python3"
# What is inside a TCP stream where a server has taken something off before.
PROXY_LINE = b"PROXY "
PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n"


class Servers:
    """The servers of the outside, and what they said: bytes by (server port, client port, connection)."""

    def __init__(self, lab):
        self.lab, self.read = lab, collections.defaultdict(list)
        lab.outside("sysctl", "-qw", "net.ipv4.tcp_fastopen=3")
        lab.inside("sysctl", "-qw", "net.ipv4.tcp_fastopen=1")
        self.running = [self.start("server.py"), self.start("mail_servers.py", str(lab.dir))]

    def start(self, program, *arguments):
        server = subprocess.Popen(["ip", "netns", "exec", os.environ["LAB_OUT"], PYTHON, str(HERE / program), *arguments],
                                  stdout=subprocess.PIPE, text=True)
        server.stdout.readline()
        threading.Thread(target=self.listen, args=(server.stdout,), daemon=True).start()
        return server

    def listen(self, lines):
        for port, client, connection, data in map(str.split, lines):
            self.read[int(port), int(client), connection].append(bytes.fromhex(data))

    def end(self):
        conf = self.lab.dir / "postfix/conf"
        self.lab.outside("postfix", "-c", str(conf), "stop")
        for server in self.running:
            server.terminate()
            server.wait()

    def names(self):
        """(server port, client port) -> the names that the servers would serve or took."""
        found = collections.defaultdict(set)
        openssl = oracles.openssl(self.lab.dir / "pki/allowed.example")
        http = {}
        for key, parts in self.read.items():
            port, client, connection = key
            data = b"".join(parts)
            if connection == "-":
                found[port, client] |= {part.decode(errors="replace").lower() for part in parts}
            elif port in ports.DATAGRAMS:
                for hello in quic_seal.client_hellos(parts):
                    found[port, client].update(openssl(in_records(hello)))
            else:
                if data.startswith(PROXY_LINE):
                    data = data[data.index(b"\n") + 1:]
                elif data.startswith(PROXY_2):
                    data = data[16 + int.from_bytes(data[14:16], "big"):]
                found[port, client].update(openssl(data))
                http["%d/%d/%s" % key] = data
        streams = self.lab.dir / "streams"
        streams.write_text("".join(f"{key} {data.hex()}\n" for key, data in http.items() if data))
        told = self.lab.outside(PYTHON, str(HERE / "oracles.py"), str(self.lab.dir), str(streams), timeout=60)
        for line in told.out.splitlines():
            key, names = json.loads(line)
            port, client, _ = key.split("/")
            found[int(port), int(client)].update(names)
        if told.code:
            print(told.err[-2000:])
        for client, address in oracles.delivered((self.lab.dir / "postfix/mail.log").read_text(errors="replace")):
            found[ports.SMTP, client].add(address)
        for line in (self.lab.dir / "log/dnsmasq.log").read_text(errors="replace").splitlines():
            if " query[" in line:
                client, name = line.split(" query[")[0].split()[-1].rpartition("/")[2], line.split("] ")[1].split()[0]
                found[ports.DNS, int(client)].add(name.lower())
        return found


def in_records(hello):
    return b"".join(b"\x16\3\1" + len(part).to_bytes(2, "big") + part
                    for part in (hello[at:at + 16000] for at in range(0, len(hello), 16000)))


class Events:
    """What Weir says of flows while the cases are played: client ports whose flow was blocked by a rule."""

    def __init__(self, lab):
        self.blocked = {}
        if not lab.weir:
            return
        command = [str(lab.bin / "weirctl"), "--config", str(lab.dir / "etc/weir.yaml"), "flow", "watch", "-o", "json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            event = json.loads(line)
            if event.get("action") == "block":
                self.blocked[int(event["initiator_port"])] = event.get("rule", "")


def play_all(lab, mac):
    running = []
    for index, family in enumerate(FAMILIES):
        running.append(lab.start_inside(PYTHON, str(HERE / "play.py"), family, mac, str(10_000 + 4_000 * index),
                                        stdout=subprocess.PIPE, text=True, cwd=str(HERE)))
    lines = []
    for player in running:
        lines += [json.loads(line) for line in player.communicate(timeout=150)[0].splitlines()]
        if player.returncode:
            print(f"  a player ended with {player.returncode}")
    return lines


def prepare(lab):
    """Neighbours, those included that no kernel here is."""
    inside_mac = lab.inside("cat", "/sys/class/net/lan0/address").out.strip()
    for address in play.BY_HAND.values():
        lab.outside("ip", "neigh", "replace", address, "lladdr", inside_mac, "dev", "wan0", "nud", "permanent")
    for version, client in play.CLIENTS.items():  # both ends know each other before anything is timed
        until(lambda: lab.inside("ping", "-c", "1", "-W", "1", "-I", client, play.SERVERS[version]).code == 0)
    return lab.outside("cat", "/sys/class/net/wan0/address").out.strip()


def main():
    lab, taken_path = Lab(), pathlib.Path(sys.argv[1])
    mac = prepare(lab)
    servers, events = Servers(lab), Events(lab)
    started = time.monotonic()
    played = play_all(lab, mac)
    time.sleep(SETTLE_S)  # what is still on its way, held ones included
    print(f"  {len(played)} connections played in {time.monotonic() - started:.0f} s")
    names = servers.names()
    by_number = {case.number: case for case in cases.load()}
    arrived = {}
    for number, version, kind, port, client, _ in played:
        wanted = play.names_of(by_number[number])[kind]
        arrived[f"{number} {version} {kind}"] = any(is_name(name, wanted) for name in names.get((port, client), ()))
    servers.end()
    if not lab.weir:
        taken_path.write_text(json.dumps(arrived))
        for case in sorted({key.split()[0] for key, took in arrived.items() if not took}):
            of = [key.split(" ", 1)[1] for key in arrived if key.split()[0] == case]
            lost = [key for key in of if not arrived[f"{case} {key}"]]
            print(f"  not taken over the bridge: {case}{'' if lost == of else ' (' + ', '.join(lost) + ')'}")
        print(f"  the servers take {sum(arrived.values())} of {len(arrived)}")
        return 0
    until(lambda: len(events.blocked) >= sum(1 for key, took in arrived.items() if "blocked" in key), 5)
    recorded = lab.violation(rule="no-gambling") and lab.violation(rule="no-mail-to-rivals")
    if not recorded:
        print("  MISSED: no violation was recorded")
    return judge(played, by_number, arrived, json.loads(taken_path.read_text()), events.blocked) or not recorded


def is_name(name, wanted):
    name = name.rpartition("@")[2].rstrip(".")
    return name == wanted or name.endswith("." + wanted)


def judge(played, by_number, arrived, taken, blocked):
    score = {family: [0, 0] for family in FAMILIES}
    missed = collections.defaultdict(list)
    for number, version, kind, _, client, connected in played:
        case, key = by_number[number], f"{number} {version} {kind}"
        if not taken[f"{number} {version} blocked"] or not taken[key]:
            continue  # not what a server accepts
        wrong = ""
        if kind == "blocked":
            wrong = "the blocked name arrived" if arrived[key] else "" if client in blocked else "no event says blocked"
        elif not arrived[key] and not case.rewritten:
            wrong = "the allowed name did not arrive"
        if kind == "blocked" and case.rewritten and not arrived[key]:
            wrong = ""  # another name than over the bridge arrived, and was judged
        score[case.family][0] += not wrong
        score[case.family][1] += 1
        if wrong:
            missed[number].append(f"IPv{version} {kind}: {wrong}{'' if connected else ' (no handshake)'}")
    for number, what in sorted(missed.items()):
        print(f"  MISSED {number}")
        for line in what:
            print(f"    {line}")
    print("evasion: " + ", ".join(f"{family} {passed}/{total}" for family, (passed, total) in score.items()))
    return 1 if missed or not all(total for _, total in score.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
