#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill.py [PROCESS...]: kill -9 of the data plane, the classifier, Redis and the engine, in a lab that is up, each some
times under the same load (load.py). Prints one table of what each death costs. Fails unless

- the data plane's gap is at most a second (where its frames then pass over a kernel bridge: AF_XDP, `fail: open`),
- no frame of a decided flow is lost when one of the others dies, and drop counters grow only by the policy's refusals
  and, for the classifier, in the row `classifier-gone` (no blocked page slips through),
- after Redis or the engine was away for a second every violation is recorded, or its event counted as lost,
- each is back: the classifier and Redis within a second, the others within fifteen (what they cost is judged above).
"""

import dataclasses
import os
import pathlib
import signal
import socket
import sys
import time

from judges import (judge_browsers, judge_drops, judge_gap, judge_nothing_lost, judge_records, stalls, udp_lost)
from load import BLOCKED, Load, counters_at_rest, events_lost, recorded

sys.path.insert(0, os.environ["LAB_SOURCE"])
from lab import Lab, until  # noqa: E402  (the lab's own helpers)

KILLS = 3
BETWEEN_KILLS_S = 0.7
BACK_DEADLINE_S = 15.0


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


@dataclasses.dataclass
class Victim:
    back: object  # lab -> a look that is true when it is back
    back_within_s: float  # less the time it is held away
    held_away_s: float = 0.0  # its supervisor stands still, so that events have to wait
    row_allowed: str = ""
    decided_flows_may_lose: bool = False
    records_whole: bool = False


VICTIMS = {
    "weir-dataplane": Victim(lambda lab: lab.classifier_attached, BACK_DEADLINE_S, decided_flows_may_lose=True),
    "weir-classifier": Victim(lambda lab: lab.classifier_attached, 1.0, row_allowed="classifier-gone"),
    "redis-server": Victim(lambda lab: lambda: redis_answers(lab), 1.0, held_away_s=1.0, records_whole=True),
    "weir-engine": Victim(records_grow, BACK_DEADLINE_S, held_away_s=1.0, records_whole=True),
}


def kill_once(lab, name, victim, worker):
    """Seconds until it is back; None when it is not."""
    place = pathlib.Path(lab.dir, "pid", f"{name}@{worker}" if worker and name == "weir-classifier" else name)
    old, supervisor = int(place.read_text()), int(place.with_suffix(".supervisor").read_text())
    if victim.held_away_s:
        os.kill(supervisor, signal.SIGSTOP)
    os.kill(old, signal.SIGKILL)
    killed = time.monotonic()
    if victim.held_away_s:
        time.sleep(victim.held_away_s)  # what is tested, not a wait for a condition
        look = victim.back(lab)
        os.kill(supervisor, signal.SIGCONT)
    else:
        look = victim.back(lab)
    back = until(lambda: place.read_text().strip() not in ("", str(old)) and look(), BACK_DEADLINE_S)
    return time.monotonic() - killed if back else None


def play(lab, name, victim):
    """(row of the table, what differs)."""
    print(f" {name}", flush=True)
    wrong = []
    sightings, lost = recorded(lab), events_lost(lab)
    served = len(lab.requests(BLOCKED))
    load = Load(lab)
    try:
        if not load.flows:
            return None, ["the load's flows were not decided within ten seconds"]
        times = []
        while len(times) < KILLS and load.lasts:
            took = kill_once(lab, name, victim, load.worker)
            times.append(took)
            if took is None or took - victim.held_away_s > victim.back_within_s:
                wrong.append(f"back after {took} s")
            time.sleep(BETWEEN_KILLS_S)  # the pace of the load, not a wait for a condition
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
    bridged = lab.driver == "af_xdp" and "kernel bridge" in lab.ask("dataplane", "status")["pairs"][0]["on_death"]
    wrong += judge_browsers(browsers, len(lab.requests(BLOCKED)) - served, victim.decided_flows_may_lose)
    if not victim.decided_flows_may_lose:
        wrong += judge_nothing_lost(tcp, udp, saw, late, load.early)
        wrong += judge_drops(before, after, victim.row_allowed)
    elif bridged:
        wrong += judge_gap(tcp, saw)
    if victim.records_whole:
        wrong += judge_records(browsers.refused, browsers.tried, sightings, lost)
    return row_of(name, times, saw, tcp, udp, late, browsers, sightings), wrong


COLUMNS = ("process", "back after (s)", "gap (ms)", "datagrams lost", "iperf3 UDP lost", "TCP Mbit/s", "TCP stood (s)",
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
        row, differs = play(lab, name, VICTIMS[name])
        rows += [row] if row else []
        for what in differs:
            print(f"  DIFFERS: {what}", flush=True)
        wrong += differs
    print_table(rows)
    print(f"kill test over {lab.driver}: {len(names)} processes, {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
