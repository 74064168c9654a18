#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures, in a lab that is up, the processor time of an idle data plane and its classifiers over ten seconds.
Fails at 5 % of one core or more for each worker, in sum."""

import os
import pathlib
import sys
import time

WINDOW_S = 10.0
LIMIT_PERCENT = 5.0  # for each worker


def cpu_seconds(pid):
    """User and system time of all threads of a process, proc(5)."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    workers = int(os.environ["LAB_WORKERS"])
    programs = ["weir-dataplane", "weir-classifier"] + [f"weir-classifier@{i}" for i in range(1, workers)]
    pids = {name: int(pathlib.Path(os.environ["LAB_DIR"], "pid", name).read_text()) for name in programs}
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
