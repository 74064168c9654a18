#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the classifier five times under load, in a lab that is up, and checks that

- no frame of a decided flow is lost: iperf3's datagrams all reach the host outside, iperf3 over TCP never stands
  still, Weir receives every frame that its ports are given, and its drop counters grow only by the policy's refusals
  and in the row `classifier-gone` of the exception table,
- flows that are not decided meanwhile follow the exception table (this pair is strict: they wait or end, and a
  blocked page never slips through),
- the classifier is attached again within one second.
"""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.environ["LAB_SOURCE"])
from lab import Lab, run, until  # noqa: E402  (the lab's own helpers)

KILLS = 5
BACK_WITHIN_S = 1.0
BETWEEN_KILLS_S = 1.5
LOAD_S = 14
TCP_RATE = "50M"
UDP_RATE = "20M"


def iperf(lab, port, *argv):
    return lab.start_inside("iperf3", "--json", "-c", "198.51.100.50", "-p", str(port), "-t", str(LOAD_S), "-i", "0.25",
                            *argv, stdout=subprocess.PIPE)


class Browsers:
    """Clients that open one new connection after the other: some to an allowed page, some to a blocked one."""

    def __init__(self, lab):
        self.lab, self.stop = lab, threading.Event()
        self.loaded, self.failed = 0, []
        self.threads = [threading.Thread(target=self.browse, args=(name,))
                        for name in ("allowed.example", "bet.example") for _ in range(3)]
        for thread in self.threads:
            thread.start()

    def browse(self, name):
        while not self.stop.is_set():
            ran = self.lab.curl("--resolve", f"{name}:80:198.51.100.10", f"http://{name}/")
            if name == "allowed.example":
                self.loaded += ran.code == 0
                if ran.code != 0:
                    self.failed.append(ran.text)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def kill_once(lab, number, worker):
    pid_file = pathlib.Path(lab.dir, "pid", f"weir-classifier@{worker}" if worker else "weir-classifier")
    old = int(pid_file.read_text())
    os.kill(old, signal.SIGKILL)
    killed = time.monotonic()
    attached = until(lambda: pid_file.read_text().strip() not in ("", str(old)) and lab.classifier_attached(), 10.0)
    back_s = time.monotonic() - killed
    print(f"  kill {number}: classifier {old} gone, "
          f"{'attached again after %.2f s' % back_s if attached else 'not back after 10 s'}", flush=True)
    return back_s


def loads_decided(lab):
    """The decided flows that carry the load, once both iperf3 runs have theirs."""
    flows = [flow for port in (5201, 5202) for flow in lab.flows(port=port, state="decided")]
    heavy = [flow for flow in flows if sum(flow["bytes"]) > 500_000]
    return heavy if len(heavy) >= 2 else None


@dataclasses.dataclass
class Counters:
    reasons: dict  # frames dropped by Weir, by reason
    rows: dict  # of them those of the exception table, by row
    unfetched: int  # frames that the kernel gave to Weir's ports and that Weir did not receive
    late: int  # datagrams that reached the host outside and overran their socket, because iperf3 was not scheduled


def counters(lab):
    status = lab.ask("dataplane", "status")
    reasons, rows, received = {}, {}, 0
    for port in status["ports"]:
        received += port["counters"]["received"]
        for reason, count in port["counters"]["dropped"].items():
            reasons[reason] = reasons.get(reason, 0) + count
    for worker in status["workers"]:
        for row, counts in worker["exceptions"].items():
            rows[row] = rows.get(row, 0) + counts["drop"]
    given = sum(int(run(["ip", "netns", "exec", os.environ["LAB_MID"], "cat",
                         f"/sys/class/net/{name}/statistics/rx_packets"], 5).out) for name in ("inside0", "outside0"))
    names, values = (line.split() for line in lab.outside("cat", "/proc/net/snmp").out.splitlines()
                     if line.startswith("Udp: "))
    return Counters(reasons, rows, given - received, int(values[names.index("RcvbufErrors")]))


def counters_at_rest(lab):
    """While frames are on their way the kernel's count runs ahead of Weir's; the smallest distance counts."""
    looks = []
    until(lambda: looks.append(counters(lab)) or len(looks) == 10)
    return dataclasses.replace(looks[-1], unfetched=min(look.unfetched for look in looks))


def grown(before, after):
    return {key: count - before.get(key, 0) for key, count in after.items() if count != before.get(key, 0)}


def main():
    lab = Lab()
    in_out = ["ip", "netns", "exec", os.environ["LAB_OUT"]]
    second_server = subprocess.Popen([*in_out, "iperf3", "-s", "-p", "5202", "-B", "198.51.100.50"], stdout=subprocess.DEVNULL)
    wrong = []
    try:
        before = counters_at_rest(lab)
        until(lambda: lab.outside("ss", "-Hltn", "sport = :5202").out)
        tcp = iperf(lab, 5201, "-b", TCP_RATE)
        udp = iperf(lab, 5202, "-u", "-b", UDP_RATE, "-l", "1200")
        loads = until(lambda: loads_decided(lab))
        print(f"  {len(loads or [])} iperf3 flows are decided and under load", flush=True)
        if not loads:
            wrong.append("the load's flows were not decided within ten seconds")
        worker = loads[0]["worker"] if loads else 0  # the one whose host the load and the browsers share
        browsers = Browsers(lab)
        for number in range(1, KILLS + 1):
            if kill_once(lab, number, worker) > BACK_WITHIN_S:
                wrong.append("the classifier was not attached again within a second")
            time.sleep(BETWEEN_KILLS_S)  # the pace of the load, not a wait for a condition
        tcp_report, udp_report = (json.loads(load.communicate(timeout=60)[0]) for load in (tcp, udp))
        browsers.end()
        after = counters_at_rest(lab)
    finally:
        second_server.terminate()
        second_server.wait()
    wrong += judge_load(tcp_report, udp_report, after.late - before.late)
    wrong += judge_drops(before, after)
    wrong += judge_browsers(lab, browsers)
    for what in wrong:
        print(f"  DIFFERS: {what}")
    print(f"kill test: {KILLS} kills, {len(wrong)} differences")
    return 1 if wrong else 0


def judge_load(tcp, udp, late):
    wrong = []
    still = [entry["sum"]["start"] for entry in tcp["intervals"] if entry["sum"]["bytes"] == 0]
    print(f"  tcp: {tcp['end']['sum_received']['bits_per_second'] / 1e6:.1f} Mbit/s, "
          f"{tcp['end']['sum_sent']['retransmits']} retransmits, {len(still)} intervals of 0.25 s without a byte")
    end = udp["end"]["sum"]
    lost = max(0, end["lost_packets"] - late)  # iperf3 does not miss the datagrams after its last
    print(f"  udp: {end['bits_per_second'] / 1e6:.1f} Mbit/s, {end['packets']} datagrams, {lost} lost on the way, "
          f"{late} reached the host and overran iperf3's socket")
    if still:
        wrong.append(f"the decided TCP flow stood still at {still}")
    if lost:
        wrong.append(f"{lost} datagrams of the decided UDP flow were lost")
    return wrong


def judge_drops(before, after):
    """Only refusals by the policy (the blocked pages) and the row classifier-gone may have dropped anything."""
    reasons, rows = grown(before.reasons, after.reasons), grown(before.rows, after.rows)
    unfetched = after.unfetched - before.unfetched
    print(f"  dropped meanwhile, by reason: {reasons}; by row of the exception table: {rows}; "
          f"given to the ports and not received: {unfetched}")
    wrong = [f"{count} frames dropped for {reason}" for reason, count in reasons.items()
             if reason not in ("exception", "policy-drop", "policy-reset")]
    wrong += [f"{count} packets dropped for {row}" for row, count in rows.items() if row != "classifier-gone"]
    if unfetched:
        wrong.append(f"Weir did not receive {unfetched} frames that its ports were given")
    if not rows.get("classifier-gone"):
        wrong.append("no undecided flow met the row classifier-gone, so the test proved nothing about it")
    return wrong


def judge_browsers(lab, browsers):
    slipped = len(lab.requests("bet.example"))
    print(f"  allowed pages: {browsers.loaded} loaded, {len(browsers.failed)} failed {sorted(set(browsers.failed))}; blocked pages served: {slipped}")
    wrong = []
    if browsers.loaded == 0:
        wrong.append("no allowed page loaded")
    if slipped:
        wrong.append(f"{slipped} blocked pages were served while the classifier was gone")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
