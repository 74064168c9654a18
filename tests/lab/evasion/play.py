# SPDX-License-Identifier: Apache-2.0
"""In the clients' namespace: plays every case of one family, with each name and over each version of IP, and says what it
played: [case, version, kind, server port, client port, connected]. play.py FAMILY SERVER-MAC FIRST-PORT."""

import concurrent.futures
import json
import os
import sys

import cases
import ports
import wire
from lib import payloads

SERVERS = {4: "198.51.100.10", 6: "2001:db8:100::10"}
NAME_SERVERS = {4: "198.51.100.53", 6: "2001:db8:100::53"}
BY_HAND = {4: "10.20.0.77", 6: "fd00:20::77"}  # no kernel has these
CLIENTS = {4: "10.20.0.66", 6: "fd00:20::66"}
NAMES = {"blocked": "bet.example", "allowed": "allowed.example"}
FILLER = {"blocked": "oak.example", "allowed": "another.example"}  # a decoy's name, as long as the other's
MAIL_NAMES = {"blocked": "rival.example", "allowed": "partner.example"}
AT_ONCE = 24
MAIL_PATIENCE_S = 8.0  # Postfix starts a process for each of the first clients


def request(port, name):
    if port in (ports.HTTP, ports.HTTP_OTHER, ports.PROXY, ports.SOCKS, ports.UPGRADE):
        return f"GET / HTTP/1.1\r\nHost: {name}\r\nUser-Agent: evasion\r\n\r\n".encode()
    return payloads.tls(name)


def names_of(case):
    return MAIL_NAMES if case.family == "smtp" else NAMES


def texts(case, kind):
    """The request, a decoy of the same length, and the name."""
    port = ports.TLS if case.family == "tls" and case.port != ports.HTTP else case.port
    name = names_of(case)[kind]
    return request(port, name), request(port, FILLER[kind]), name


def by_hand(case, link, version, kind, port):
    isn = 0xffffff00 if case.number == "T30" else (port * 7919) % 2**31
    data, decoy, name = texts(case, kind)
    tcp = wire.Tcp(link, (BY_HAND[version], port), (SERVERS[version], case.port), isn, data)
    connected = not case.connect or tcp.connect()
    if connected:
        case.play(tcp, data, decoy, name)
    return connected


def over_kernel(case, version, kind, port):
    server = (NAME_SERVERS if case.port == ports.DNS else SERVERS)[version]
    source, server = (CLIENTS[version], port), (server, case.port)
    if case.udp:
        client = wire.Datagrams(source, server)
    else:
        client = wire.Client(source, server, MAIL_PATIENCE_S if case.family == "smtp" else wire.ANSWER_S)
    connected = not case.connect or client.connect()
    try:
        if connected:
            case.play(client, *texts(case, kind))
    except OSError:
        pass  # refused or cut: the servers say what arrived
    client.close()
    return connected, client


def main():
    family, mac, first_port = sys.argv[1], bytes.fromhex(sys.argv[2].replace(":", "")), int(sys.argv[3])
    link = wire.Wire("lan0", mac)
    wanted = [case for case in cases.load() if case.family == family]
    only = os.environ.get("EVASION_CASES", "").split(",")
    runs = [(case, version, kind) for case in wanted for version in case.versions for kind in NAMES
            if only == [""] or case.number in only]

    def say(index, connected):
        case, version, kind = runs[index]
        print(json.dumps([case.number, version, kind, case.port, first_port + index, connected]), flush=True)
    kept = []
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        played = {index: pool.submit(over_kernel, *run, first_port + index)
                  for index, run in enumerate(runs) if not run[0].hand}
        for index, run in enumerate(runs):
            if run[0].hand:
                say(index, by_hand(run[0], link, run[1], run[2], first_port + index))
        link.repeat_what_is_missing()
        for index, result in played.items():
            connected, client = result.result()
            kept.append(client)  # its kernel goes on repeating
            say(index, connected)


if __name__ == "__main__":
    main()
