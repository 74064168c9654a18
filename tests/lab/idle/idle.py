#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures, in a lab that is up, the processor time of an idle data plane and its classifiers over ten seconds.
Fails at 5 % of one core or more for each worker, in sum."""

import os
import pathlib
import sys
import time

WINDOW_S = 10.0
START_S = 10
REST_SECONDS = 0.01  # of processor time in one second
LIMIT_PERCENT = 5.0  # for each worker


def cpu_seconds(pid):
    """Processor time of a process, to the nanosecond: its clock as clock_getcpuclockid(3) names it. The ticks of proc(5)
    are samples, too few of them in ten seconds."""
    return time.clock_gettime(~pid << 3 | 2)


def come_to_rest(pid):
    """A classifier compiles its software catalogue in the background when it has started: some tenths of a second."""
    for _ in range(START_S):
        before = cpu_seconds(pid)
        time.sleep(1.0)  # the measurement itself
        if cpu_seconds(pid) - before < REST_SECONDS:
            return


def main():
    workers = int(os.environ["LAB_WORKERS"])
    programs = ["weir-dataplane", "weir-classifier"] + [f"weir-classifier@{i}" for i in range(1, workers)]
    pids = {name: int(pathlib.Path(os.environ["LAB_DIR"], "pid", name).read_text()) for name in programs}
    come_to_rest(pids["weir-classifier"])
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    started = time.monotonic()
    time.sleep(WINDOW_S)  # the measurement itself
    window = time.monotonic() - started
    used = {name: 100.0 * (cpu_seconds(pid) - before[name]) / window for name, pid in pids.items()}
    total = sum(used.values())
    parts = ", ".join(f"{name} {percent:.1f} %" for name, percent in used.items())
    print(f"idle over {window:.0f} s on driver {os.environ['LAB_DRIVER']}: {parts}, together {total:.1f} % of a core "
          f"(limit {workers * LIMIT_PERCENT:.0f} %)")
    return 0 if total < workers * LIMIT_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
