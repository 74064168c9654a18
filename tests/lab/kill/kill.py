#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill.py [HARM...]: kill -9 of the data plane, the classifier, Redis and the engine, a classifier that stands still and
one that writes garbage into its channel, in a lab that is up, each some times under the same load (load.py). Prints one
table of what each costs. Fails unless

- the data plane's gap is at most a second (where its frames then pass over a kernel bridge: AF_XDP, `fail: open`),
- no frame of a decided flow is lost by the others, and drop counters grow only by the policy's refusals and, for the
  classifier, in its row of the exception table (no blocked page slips through),
- every violation is recorded once, or its event counted as lost, when Redis or the engine was away for a second,
- the data plane starts again at its first try,
- each is back: the classifier within a second (2.5 until a page loads after one stood still: its SYN is sent again after
  one), Redis within 2.5, the others within fifteen (what they cost is judged above).
"""

import dataclasses
import os
import pathlib
import signal
import socket
import sys
import time

from garbage import spoil
from judges import (judge_browsers, judge_drops, judge_gap, judge_nothing_lost, judge_records, stalls, udp_lost)
from load import ALLOWED, BLOCKED, Load, counters_at_rest, events_lost, fetch, recorded

sys.path.insert(0, os.environ["LAB_SOURCE"])
from lab import Lab, until  # noqa: E402  (the lab's own helpers)

TIMES = 3
BETWEEN_S = 0.7
BACK_DEADLINE_S = 15.0
AWAY_S = 1.0
CHANNELS_SPOILED_MIN = 4  # each time: each way once


def redis_answers(lab):
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            connection.connect(str(lab.dir / "redis/redis.sock"))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
    except OSError:
        return False


def records_grow(lab):
    """A look that is true once more is recorded than now."""
    before = recorded(lab)
    return lambda: recorded(lab) > before


def page_loads(lab):
    return lambda: fetch(lab, ALLOWED).out == "200"


class Process:
    """One that `images/lab/supervise` keeps running."""

    def __init__(self, lab, name, worker=0):
        self.place = pathlib.Path(lab.dir, "pid", f"{name}@{worker}" if worker else name)
        self.supervisor = int(self.place.with_suffix(".supervisor").read_text())
        self.first = self.pid()

    def pid(self):
        return int(self.place.read_text().strip() or 0)

    def is_another(self):
        return self.pid() not in (0, self.first)

    def stays_dead(self, meanwhile):
        """What `meanwhile` gives, which runs between its death and its next start."""
        os.kill(self.supervisor, signal.SIGSTOP)
        try:
            os.kill(self.first, signal.SIGKILL)
            return meanwhile()
        finally:
            os.kill(self.supervisor, signal.SIGCONT)


# Harms: each gives (looks that are all true when the victim is back, what differs), or the time that it is to be back.


def kill(victim, lab, process, _worker):
    look = victim.back(lab)
    os.kill(process.first, signal.SIGKILL)
    return lambda: process.is_another() and look(), []


def kill_for_a_while(victim, lab, process, _worker):
    def away():
        time.sleep(AWAY_S)  # what is tested, not a wait for a condition
        return victim.back(lab)
    look = process.stays_dead(away)
    return lambda: process.is_another() and look(), []


def stop_for_a_while(victim, lab, process, _worker):
    os.kill(process.first, signal.SIGSTOP)
    try:
        time.sleep(AWAY_S)  # what is tested, not a wait for a condition
    finally:
        os.kill(process.first, signal.SIGCONT)
    return victim.back(lab), []


def replace_by_garbage(victim, lab, process, worker):
    path = str(lab.dir / f"run/channel-{worker}.sock")
    spoiled = process.stays_dead(lambda: spoil(path, AWAY_S))
    few = [f"only {spoiled} channels were spoiled"] if spoiled < CHANNELS_SPOILED_MIN else []
    look = victim.back(lab)
    return lambda: process.is_another() and look(), few


@dataclasses.dataclass
class Victim:
    name: str  # of the process
    harm: object
    back: object  # lab -> a look that is true when it is back
    back_within_s: float = 1.0
    rows_met: tuple = ()  # of the exception table, by undecided flows: the first one always, nothing but these
    decided_flows_may_lose: bool = False
    records_whole: bool = True


def failed_starts(lab, name):
    """Times that it ended by itself, with an error (`images/lab/supervise` writes each end)."""
    log = pathlib.Path(lab.dir, "log", f"{name}.log").read_text(errors="replace")
    return sum(line.startswith(f"supervise ended name={name} ") and not line.endswith("status=-9") for line in log.splitlines())


def attached(lab):
    return lab.classifier_attached


VICTIMS = {
    "weir-dataplane": Victim("weir-dataplane", kill, attached, BACK_DEADLINE_S, decided_flows_may_lose=True,
                             records_whole=False),
    "weir-classifier": Victim("weir-classifier", kill, attached, records_whole=False,
                              rows_met=("classifier-gone", "classifier-fault")),  # killed in the middle of a request
    "stopped-classifier": Victim("weir-classifier", stop_for_a_while, page_loads, 2.5, rows_met=("classifier-slow",)),
    "garbage-classifier": Victim("weir-classifier", replace_by_garbage, attached, records_whole=False,
                                 # Until the damaged one is left; and the real one was killed before.
                                 rows_met=("classifier-gone", "classifier-fault", "channel-full", "parking-full")),
    "redis-server": Victim("redis-server", kill_for_a_while, lambda lab: lambda: redis_answers(lab), 2.5),
    "weir-engine": Victim("weir-engine", kill_for_a_while, records_grow, BACK_DEADLINE_S),
}


def harm_once(lab, victim, worker):
    """(seconds until it is back after what was done to it, None when it is not; what differs)."""
    process = Process(lab, victim.name, worker if victim.name == "weir-classifier" else 0)
    looks, wrong = victim.harm(victim, lab, process, worker)
    over = time.monotonic()
    took = time.monotonic() - over if until(looks, BACK_DEADLINE_S) else None
    if took is None or took > victim.back_within_s:
        wrong = [*wrong, f"back after {took} s"]
    return took, wrong


def play(lab, name, victim):
    """(row of the table, what differs, whether Weir was not scheduled for longer than its ports hold frames)."""
    print(f" {name}", flush=True)
    wrong = []
    sightings, lost = recorded(lab), events_lost(lab)
    served = len(lab.requests(BLOCKED))
    dataplane = Process(lab, "weir-dataplane")
    classifier = None if victim.name in ("weir-dataplane", "weir-classifier") else Process(lab, "weir-classifier")
    load = Load(lab)
    try:
        if not load.flows:
            return None, ["the load's flows were not decided within ten seconds"], False
        times = []
        while len(times) < TIMES and load.lasts:
            took, differs = harm_once(lab, victim, load.worker)
            times.append(took)
            wrong += differs
            time.sleep(BETWEEN_S)  # the pace of the load, not a wait for a condition
        tcp, udp, saw = load.end()
    finally:
        load.give_up()
    until(lab.classifier_attached)
    before, after, browsers = load.ready, counters_at_rest(lab), load.browsers
    lost = events_lost(lab) - lost
    until(lambda: recorded(lab) - sightings + lost >= browsers.refused)
    sightings = recorded(lab) - sightings
    late = after.late - load.began.late
    before = dataclasses.replace(before, unfetched=load.began.unfetched)  # that of a moment runs ahead
    if name == "weir-dataplane" and (failed := failed_starts(lab, name)):
        wrong += [f"the data plane ended {failed} times by itself"]
    bridged = lab.driver == "af_xdp" and "kernel bridge" in lab.ask("dataplane", "status")["pairs"][0]["on_death"]
    wrong += judge_browsers(browsers, len(lab.requests(BLOCKED)) - served, victim.decided_flows_may_lose)
    if not victim.decided_flows_may_lose:
        wrong += judge_nothing_lost(tcp, udp, saw, late, load.early)
        wrong += judge_drops(before, after, victim.rows_met)
        wrong += ["the data plane died as well"] if dataplane.is_another() else []
    elif bridged:
        wrong += judge_gap(tcp, saw)
    if classifier is not None and classifier.is_another():
        wrong += ["the classifier died as well"]
    if victim.records_whole:
        wrong += judge_records(browsers.refused, browsers.tried, sightings, lost)
    busy = after.unfetched > before.unfetched
    return row_of(name, times, saw, tcp, udp, late, browsers, sightings), wrong, busy


COLUMNS = ("harm", "back after (s)", "gap (ms)", "datagrams lost", "iperf3 UDP lost", "TCP Mbit/s", "TCP stood (s)",
           "pages", "refused", "recorded")


def row_of(name, times, saw, tcp, udp, late, browsers, sightings):
    back = " ".join("never" if took is None else f"{took:.2f}" for took in times)
    return (name, back, f"{saw['longest_ms']:.0f}", f"{saw['lost']}/{saw['sent']}",
            f"{udp_lost(udp, late)}/{udp['end']['sum']['packets']}",
            f"{tcp['end']['sum_received']['bits_per_second'] / 1e6:.1f}", f"{stalls(tcp)[1]:.2f}", str(browsers.loaded),
            f"{browsers.refused}/{browsers.tried}", str(sightings))


def print_table(rows):
    widths = [max(len(row[i]) for row in (COLUMNS, *rows)) for i in range(len(COLUMNS))]
    for row in (COLUMNS, *rows):
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    lab, rows, wrong = Lab(), [], []
    names = sys.argv[1:] or list(VICTIMS)
    for name in names:
        row, differs, busy = play(lab, name, VICTIMS[name])
        if differs and busy:
            print(f"  the machine was too busy for Weir ({'; '.join(differs)}): once more", flush=True)
            row, differs, _ = play(lab, name, VICTIMS[name])
        rows += [row] if row else []
        for what in differs:
            print(f"  DIFFERS: {what}", flush=True)
        wrong += differs
    print_table(rows)
    print(f"kill test over {lab.driver}: {len(names)} harms, {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
