# SPDX-License-Identifier: Apache-2.0
"""The bypass, in a lab that is up: kill -9 under load, by hand with Weir alive, by hand with everything dead, and a
worker that stands still. Prints the gaps; exit code 1 when anything differs."""

import ctypes
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.environ["LAB_SOURCE"])
from lab import Lab, run, until  # noqa: E402  (the lab's own helpers)

STREAM = str(pathlib.Path(__file__).parent.parent / "stream.py")
MID = ["ip", "netns", "exec", os.environ["LAB_MID"]]
BRIDGE = "weir-lan-wan"
GATEWAY = "10.20.0.1"
GAP_MS_MAX = 1000.0
STUCK_MS_MAX = 500.0
DAEMONS = ("weir-classifier", "weir-engine", "weir-dataplane")
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000

wrong = []


def check(truth, what):
    print(f"  {'ok     ' if truth else 'DIFFERS'} {what}", flush=True)
    if not truth:
        wrong.append(what)


def weirctl(lab, *argv):
    return run([*MID, str(lab.bin / "weirctl"), "--config", str(lab.dir / "etc/weir.yaml"), *argv], 30)


def pid_of(lab, name):
    try:
        return int((lab.dir / "pid" / name).read_text())
    except (FileNotFoundError, ValueError):
        return 0


def passes(lab):
    return lab.inside("ping", "-c", "1", "-W", "1", GATEWAY).code == 0


def blocked_page(lab):
    """True when the page that the policy blocks is served."""
    return lab.curl("--fail", "--max-time", "3", "--resolve", "bet.example:80:198.51.100.10", "http://bet.example/").code == 0


def pair(lab):
    status = lab.ask("dataplane", "status")
    return status["pairs"][0] if status else {}


def audit(lab, event):
    lines = (json.loads(line) for line in (lab.dir / "lib/bypass.log").read_text().splitlines())
    return [line for line in lines if line["event"] == event]


def kill_under_load(lab, what, act, seconds=6.0):
    """Plays the stream over `act`; what the receiver saw."""
    out = subprocess.Popen(["ip", "netns", "exec", os.environ["LAB_OUT"], "/usr/bin/python3", STREAM,
                            "receive"], stdout=subprocess.PIPE, text=True)
    out.stdout.readline()
    source = lab.start_inside("/usr/bin/python3", STREAM, "send", str(seconds))
    time.sleep(2.0 + seconds / 3)  # the pace of the load, not a wait for a condition
    act()
    saw = json.loads(out.communicate(timeout=60)[0])
    source.wait()
    print(f"  {what}: longest time without a datagram {saw['longest_ms']:.1f} ms; of {saw['sent']} datagrams {saw['lost']} "
          f"lost, {saw['twice']} came twice", flush=True)
    return saw


def end_supervised(lab, name):
    """The daemon and its supervisor, without a last word."""
    for file in (f"{name}.supervisor", name):
        pid = pid_of(lab, file)
        if pid:
            os.kill(pid, signal.SIGKILL)
            until(lambda pid=pid: not pathlib.Path(f"/proc/{pid}/exe").exists())


def command_of(lab, name):
    return pathlib.Path(f"/proc/{pid_of(lab, name + '.supervisor')}/cmdline").read_text().split("\0")[:-1]


def start_dataplane(lab, command, **environment):
    log = open(lab.dir / "log/weir-dataplane.log", "a")
    subprocess.Popen([*MID, *command], stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, **environment})
    return until(lambda: lab.ask("dataplane", "status") is not None, 20)


def gaps(lab, fails_open):
    print(" kill -9 under 20,000 datagrams a second", flush=True)
    words = pair(lab)["on_death"]
    print(f"  status: if Weir dies, {words}")
    if fails_open:
        check(words == f"frames pass over the kernel bridge {BRIDGE}", "the status says where frames go")
        # What it learnt before Weir started is forgotten; a bridge that sees a frame learns its sender.
        run([*MID, "ip", "link", "set", BRIDGE, "type", "bridge", "fdb_flush"], 5)
        lab.inside("ip", "neigh", "flush", "all")
        check(passes(lab), "frames pass through Weir")
        learnt = [line for line in run([*MID, "bridge", "fdb", "show", "br", BRIDGE], 5).out.splitlines()
                  if "permanent" not in line]
        check(not learnt, "and the bridge sees none of them")
    command = command_of(lab, "weir-dataplane")
    saw = kill_under_load(lab, "kill -9, nobody restarts it", lambda: end_supervised(lab, "weir-dataplane"))
    if fails_open:
        check(saw["longest_ms"] <= GAP_MS_MAX and saw["arrived"] > saw["sent"] * 0.8, "the gap is at most a second")
        check(passes(lab), "frames pass with the data plane dead")
        saw = kill_under_load(lab, "start over what was left", lambda: start_dataplane(lab, command))
        check(saw["longest_ms"] <= GAP_MS_MAX, "the gap is at most a second")
        check(not saw["twice"], "no frame came twice")
    else:
        check(not passes(lab), "nothing passes with the data plane dead")
        start_dataplane(lab, command)
    until(lab.classifier_attached)
    saw = kill_under_load(lab, "kill -9, restarted at once", lambda: os.kill(pid_of(lab, "weir-dataplane"), signal.SIGKILL))
    if fails_open:
        check(saw["longest_ms"] <= GAP_MS_MAX, "the gap is at most a second")
        check(audit(lab, "gap")[-1]["why"] == f"frames passed over the kernel bridge {BRIDGE}", "the gap is recorded")
    check(not saw["twice"], "no frame came twice")
    until(lab.classifier_attached)


def by_hand_alive(lab):
    print(" by hand, with Weir alive", flush=True)
    check(not blocked_page(lab), "the blocked page is blocked")
    ran = weirctl(lab, "bypass", "on", "--for", "60s", "--reason", "test of the bypass")
    check(ran.code == 0, f"bypass on: {ran.text}")
    check(blocked_page(lab), "the blocked page loads")
    check(pair(lab)["by_hand"] == "on" and "test of the bypass" in weirctl(lab, "status").out, "the status says so")
    old = pid_of(lab, "weir-dataplane")
    os.kill(old, signal.SIGKILL)
    until(lambda: pid_of(lab, "weir-dataplane") not in (0, old) and pair(lab))
    check(pair(lab).get("by_hand") == "on" and blocked_page(lab), "it outlives the data plane")
    ran = weirctl(lab, "bypass", "off")
    until(lab.classifier_attached)
    check(ran.code == 0 and not blocked_page(lab), f"off: {ran.text}; the page is blocked again")
    weirctl(lab, "bypass", "on", "--for", "2s", "--reason", "short")
    check(pair(lab)["by_hand"] == "on", "on for two seconds")
    check(until(lambda: pair(lab)["by_hand"] == "off", 5) and not blocked_page(lab), "over by itself")
    check(pair(lab)["bypass_seconds"] >= 1 and audit(lab, "off")[-1]["why"] == "expired", "every second is recorded")
    check(weirctl(lab, "bypass", "on", "--for", "25h", "--reason", "x").code != 0, "25 hours are refused")
    check(weirctl(lab, "bypass", "on", "--for", "1m").code == 2, "a reason is asked for")
    stranger = run([*MID, "setpriv", "--reuid", "weir-classifier", "--regid", "weir", "--clear-groups", str(lab.bin / "weirctl"),
                    "--config", str(lab.dir / "etc/weir.yaml"), "bypass", "on", "--for", "1m", "--reason", "x"], 30)
    check(stranger.code == 1 and pair(lab)["by_hand"] == "off", f"the classifier's user is refused: {stranger.text}")


def by_hand_dead(lab, fails_open):
    print(" by hand, with every other process dead", flush=True)
    command = command_of(lab, "weir-dataplane")
    for name in DAEMONS:
        end_supervised(lab, name)
    for pid in run(["ip", "netns", "pids", os.environ["LAB_MID"]], 5).out.split():
        os.kill(int(pid), signal.SIGKILL)
    # A process that was killed still holds its sockets for some milliseconds.
    check(until(lambda: passes(lab) == fails_open, 3), f"with all dead, {'frames pass' if fails_open else 'nothing passes'}")
    ran = weirctl(lab, "bypass", "on", "--for", "10m", "--reason", "all dead")
    check(ran.code == 0 and passes(lab) and blocked_page(lab), f"bypass on: {ran.text}")
    print("  " + weirctl(lab, "bypass", "status").out.splitlines()[-1])
    ran = weirctl(lab, "bypass", "off")
    check(ran.code == 0 and passes(lab) == fails_open, f"bypass off: {ran.text}")
    weirctl(lab, "bypass", "on", "--for", "2s", "--reason", "short")
    check(passes(lab), "on for two seconds")
    check(until(lambda: audit(lab, "off")[-1]["reason"] == "short", 6) and passes(lab) == fails_open, "over by itself")
    return command


def stuck_worker(lab, command):
    print(" a worker that stands still", flush=True)
    path = str(lab.dir / "run/notify")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    os.chmod(path, 0o666)
    manager.settimeout(3.0)

    def heard(seconds):
        words, end = [], time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            manager.settimeout(left)
            try:
                words.append(manager.recv(256).decode())
            except TimeoutError:
                break
        return words

    start_dataplane(lab, command, NOTIFY_SOCKET=path, WATCHDOG_USEC="600000")
    words = heard(2.0)
    check(words[:1] == ["READY=1"] and words.count("WATCHDOG=1") >= 3, f"systemd hears {words[:4]}...")
    pid = pid_of(lab, "weir-dataplane")
    worker = next(int(task.name) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
                  if "worker" in (task / "comm").read_text())
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long] * 4
    libc.ptrace(PTRACE_SEIZE, worker, 0, 0)
    libc.ptrace(PTRACE_INTERRUPT, worker, 0, 0)
    os.waitpid(worker, WALL)
    stopped = time.monotonic()
    seen = until(lambda: lab.ask("dataplane", "status")["workers"][0]["state"] == "stuck", 3)
    took_ms = (time.monotonic() - stopped) * 1e3
    check(seen and took_ms <= STUCK_MS_MAX, f"seen after {took_ms:.0f} ms")
    heard(0.3)
    check("WATCHDOG=1" not in heard(1.5), "systemd hears no WATCHDOG=1")
    libc.ptrace(PTRACE_DETACH, worker, 0, 0)
    check(until(lambda: lab.ask("dataplane", "status")["workers"][0]["state"] == "alive", 3), "alive when it goes on")
    check("WATCHDOG=1" in heard(1.5), "systemd hears WATCHDOG=1 again")
    os.kill(pid_of(lab, "weir-dataplane.supervisor"), signal.SIGTERM)
    check("STOPPING=1" in heard(3.0), "systemd hears STOPPING=1")


def main():
    lab = Lab()
    fails_open = lab.driver == "af_xdp"
    print(f"{lab.driver}, fail: {'open' if fails_open else 'closed'}")
    gaps(lab, fails_open)
    by_hand_alive(lab)
    command = by_hand_dead(lab, fails_open)
    stuck_worker(lab, command)
    print(f"bypass test over {lab.driver}: {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
