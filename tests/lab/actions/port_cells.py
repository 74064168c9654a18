# SPDX-License-Identifier: Apache-2.0
"""TCP and UDP that no rule knows but by address and port, by iperf3."""

import json

from cells import Protocol, outside
from lab import until

SERVER, PORTS = "198.51.100.50", {"tcp": 5301, "udp": 5302}
LIMIT_BITS_S = 4_000_000
SECONDS = 2


def servers(lab):
    started = [outside(lab, f"iperf3-{name}.log", "iperf3", "-s", "-B", SERVER, "-p", str(port), "--forceflush")
               for name, port in PORTS.items()]
    assert until(lambda: all(f":{port} " in lab.outside("ss", "-Hltn").out for port in PORTS.values())), "no iperf3 came up"
    return started


def measured(cell, rate):
    """(what iperf3 said, bits a second that the server took)"""
    udp = ("-u", "-l", "1200") if cell.protocol == "udp" else ()
    ran = cell.lab.inside("iperf3", "-c", SERVER, "-p", str(PORTS[cell.protocol]), "-B", cell.address, "-t", str(SECONDS), "-b", rate,
                          "--connect-timeout", "3000", "--json", *udp, timeout=15)
    try:
        said = json.loads(ran.out)
    except json.JSONDecodeError:
        return {"error": ran.text}, 0.0
    sums = said.get("end", {})
    if cell.protocol == "udp":
        total = sums.get("sum", {})
        return said, total.get("bits_per_second", 0.0) * (1 - total.get("lost_percent", 100.0) / 100)
    return said, sums.get("sum_received", {}).get("bits_per_second", 0.0)


def passes(cell, rate="2M"):
    said, bits = measured(cell, rate)
    cell.saw("client", said.get("error", "an iperf3 test to its end"))
    cell.check("error" not in said, f"the test should run: {said.get('error')}")
    cell.saw("server", f"{bits / 1e6:.1f} Mbit/s arrived")
    return bits


def whole(cell):
    cell.check(passes(cell) > 1.5e6, "most of 2 Mbit/s should arrive")  # a busy machine sends late


def recorded(rule, action):
    def played(cell):
        whole(cell)
        cell.check_recorded(rule, action)
    return played


def limit(cell):
    bits = passes(cell, "20M")
    cell.check(0.5 * LIMIT_BITS_S < bits < 1.5 * LIMIT_BITS_S, f"about {LIMIT_BITS_S} bit/s should arrive, not {bits:.0f}")
    cell.check_recorded("limit-port", "limit")


def block(cell):
    said, bits = measured(cell, "2M")
    cell.saw("client", said.get("error", "no error"))
    cell.check("error" in said and bits == 0.0, f"the test should fail: {said.get('error')} {bits}")
    accepted = [line for line in cell.lab.log(f"iperf3-{cell.protocol}.log") if f"connected to {cell.address} port" in line]
    cell.check(not accepted, f"the server took a stream: {accepted}")
    cell.saw("server", "no stream")
    cell.check_recorded("block-port" if cell.protocol == "tcp" else "block-datagrams", "block")


CELLS = {"allow": whole, "report": recorded("report-port", "report"), "limit": limit, "block": block,
         "trial": recorded("trial-port", "would block")}
PROTOCOLS = (Protocol("tcp", CELLS), Protocol("udp", CELLS))
