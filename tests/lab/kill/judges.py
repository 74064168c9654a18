# SPDX-License-Identifier: Apache-2.0
"""What must hold after the kills of one process; each judge prints what it looked at and returns what differs."""

import itertools

from load import INTERVAL_S

GAP_MS_MAX = 1_000.0
STOOD_S_MAX = 0.25  # iperf3 itself may not be scheduled for an interval


def grown(before, after):
    return {key: count - before.get(key, 0) for key, count in after.items() if count != before.get(key, 0)}


def stalls(tcp):
    """(how often iperf3 over TCP stood still, the longest time of it in seconds)."""
    runs = [sum(1 for _ in group) for still, group in
            itertools.groupby(entry["sum"]["bytes"] == 0 for entry in tcp["intervals"]) if still]
    return len(runs), max(runs, default=0) * INTERVAL_S


def udp_lost(udp, late):
    """iperf3 does not miss the datagrams after its last."""
    return max(0, udp["end"]["sum"]["lost_packets"] - late)


def judge_nothing_lost(tcp, udp, saw, late, early):
    """Of decided flows, when Weir's data plane lives. `early`: dropped before they were decided."""
    wrong = []
    lost = max(0, udp_lost(udp, late) - early)
    missing = max(0, saw["lost"] - late)
    if stalls(tcp)[1] > STOOD_S_MAX:
        wrong.append(f"the decided TCP flow stood still for {stalls(tcp)[1]} s")
    if lost:
        wrong.append(f"{lost} datagrams of iperf3's decided UDP flow were lost")
    if missing:
        wrong.append(f"{missing} numbered datagrams were lost")
    return wrong


def judge_gap(tcp, saw):
    """When the data plane dies and its frames pass over a kernel bridge."""
    wrong = []
    if saw["longest_ms"] > GAP_MS_MAX:
        wrong.append(f"{saw['longest_ms']:.0f} ms without a datagram")
    if saw["twice"]:
        wrong.append(f"{saw['twice']} datagrams came twice")
    if tcp["intervals"][-1]["sum"]["bytes"] == 0:
        wrong.append("the TCP flow does not go on")
    return wrong


def judge_drops(before, after, rows_met):
    """Only refusals by the policy (the blocked pages) and `rows_met` of the exception table may have dropped anything.
    A connection over which an earlier harm killed the classifier is kept from classifiers for ten minutes: its kernel repeats
    what it never got through."""
    always = rows_met[:1]
    if before.rows.get("classifier-fault"):
        rows_met = (*rows_met, "classifier-fault")
    reasons, rows = grown(before.reasons, after.reasons), grown(before.rows, after.rows)
    unfetched = after.unfetched - before.unfetched
    print(f"  dropped meanwhile, by reason: {reasons}; by row of the exception table: {rows}; "
          f"given to the ports and not received: {unfetched}")
    wrong = [f"{count} frames dropped for {reason}" for reason, count in reasons.items()
             if reason not in ("exception", "policy-answer", "policy-drop", "policy-reset")]
    wrong += [f"{count} packets dropped for {row}" for row, count in rows.items() if row not in rows_met]
    if unfetched:
        wrong.append(f"Weir did not receive {unfetched} frames that its ports were given")
    wrong += [f"no undecided flow met the row {row}, so the test proved nothing about it" for row in always if not rows.get(row)]
    return wrong


def judge_browsers(browsers, slipped, may_slip):
    print(f"  pages: {({name: dict(saw) for name, saw in browsers.saw.items()})}; blocked pages served: {slipped}")
    wrong = []
    if browsers.loaded == 0:
        wrong.append("no allowed page loaded")
    if slipped and not may_slip:
        wrong.append(f"{slipped} blocked pages were served")
    return wrong


def judge_records(refused, tried, sightings, lost):
    """Every blocked page is recorded, or the classifier says that its event is lost; none is recorded twice."""
    print(f"  blocked pages: {refused} refused at once of {tried} asked for, {sightings} recorded, {lost} events said to be lost")
    wrong = []
    if sightings + lost < refused:
        wrong.append(f"{refused - sightings - lost} violations are neither recorded nor counted as lost")
    if sightings > tried:
        wrong.append(f"{sightings - tried} violations too many are recorded")
    return wrong
