# SPDX-License-Identifier: Apache-2.0
"""Steps of the story about operating Weir: edits, explanations, reports, counters."""

import re
import subprocess
import time

from lab import until
from steps_web import at_known_address

SLOW_BYTES = 24_000_000


class KeptConnection:
    """One kept-alive HTTP connection of a client inside; requests are made when told."""

    def __init__(self, lab, host):
        self.process = lab.start_inside("/usr/bin/python3", str(lab.source / "kept_connection.py"), host,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def get(self, host, path="/"):
        self.process.stdin.write(f"{host} {path}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def apply(lab, step, name):
    ran = lab.weirctl("policy", "apply", str(lab.dir / "etc/policy" / name))
    step.weir(f"weirctl policy apply {name}  ->  {ran.code} {ran.text}")
    return ran


def policy_edit(lab, step):
    kept = KeptConnection(lab, "news.example")
    first = kept.get("news.example")
    step.line("client", f"kept-alive GET http://news.example/  ->  {first}")
    step.check(first.startswith("200"), "news.example should load before the edit")
    download = lab.start_inside("curl", "--silent", "--show-error", "-4", "--max-time", "30", "--output", "/dev/null",
                                "--write-out", "%{size_download} %{time_total} %{errormsg}",
                                "http://allowed.example/slow.bin", stdout=subprocess.PIPE, text=True)
    time_started = time.monotonic()

    step.check(apply(lab, step, "edited.yaml").code == 0, "the edited policy should be applied")
    ran = lab.curl("-4", *at_known_address("news.example"), "https://news.example/")
    step.client(ran)
    step.check_refused(ran, "the first new request after the edit")
    second = kept.get("news.example")
    kept.end()
    step.line("client", f"the same connection, GET http://news.example/  ->  {second}")
    step.check(not second.startswith("200"), "the next request on a living connection should be refused")

    broken = apply(lab, step, "broken.yaml")
    for line in broken.err.splitlines() + broken.out.splitlines():
        step.weir(line.replace(str(lab.dir / "etc/policy") + "/", ""))
    step.check(broken.code == 3, f"a broken policy should end with 3, not {broken.code}")
    step.check(re.search(r"broken\.yaml:\d+:\d+: error: ", broken.err + broken.out),
               "each mistake should be named by file, line and column")
    still = lab.curl("-4", *at_known_address("news.example"), "https://news.example/")
    step.client(still)
    step.check_refused(still, "news.example under the policy that stays in force")
    allowed = lab.curl("-4", "https://allowed.example/")
    step.client(allowed)
    step.check(allowed.code == 0, "allowed.example should load as before")
    edited_s = time.monotonic() - time_started

    out = download.communicate(timeout=40)[0]
    step.line("client", f"the download that ran meanwhile  ->  {download.returncode} {out} (edits took {edited_s:.1f} s)")
    step.check(download.returncode == 0 and out.startswith(f"{SLOW_BYTES} "), "the running download should complete")
    step.check(edited_s < float(out.split()[1]), "the edits should have happened while the download ran")
    step.check_violation(rule="no-news")


def explain(lab, step):
    ran = lab.curl("-4", *at_known_address("bet.example"), "http://bet.example/")
    step.client(ran)
    row = lab.violation(rule="no-gambling", object="bet.example")
    if not step.check(row is not None and row.get("flows"), "a violation with a flow as evidence is needed"):
        return
    ran = lab.weirctl("explain", str(row["flows"][0]))
    for line in ran.out.splitlines():
        step.weir(line)
    step.check(ran.code == 0, f"explain should find the flow: {ran.err}")
    step.check("no-gambling" in ran.out, "explain should name the rule")
    step.check("bet.example" in ran.out, "explain should name what it was about")


def violation_table(lab, step):
    ran = lab.weirctl("violation", "list")
    for line in ran.out.splitlines():
        step.weir(line)
    rules = {row["rule"] for row in lab.violations()}
    for rule in sorted(lab.recorded):
        step.check(rule in rules, f"{rule} should be in the table")
    step.check(rules, "the table should not be empty")


def check_workers(lab, step):
    """Each worker had hosts of its own, adds up, and what one gave another arrived."""
    workers = lab.ask("dataplane", "status")["workers"]
    step.check(len(workers) == lab.workers, f"{lab.workers} workers should run, not {len(workers)}")
    for worker in workers:
        step.weir(f"worker {worker['index']}: {worker['flows_opened']} flows, decided {worker['decided']}, "
                  f"handed over {worker['handed_over']}, taken over {worker['taken_over']}")
        step.check(worker["flows_opened"] > 0, f"worker {worker['index']} should have hosts of its own")
    given, taken = (sum(worker[key] for worker in workers) for key in ("handed_over", "taken_over"))
    step.check(given == taken, f"{given} frames were handed over and {taken} taken over")


def conservation(lab, step):
    def ports_when_quiet():
        """All ports, once two looks at their counters are alike."""
        looks = [lab.ask("dataplane", "status")["ports"] for _ in range(2)]
        return looks[0] if looks[0] == looks[1] else None

    step.check(until(ports_when_quiet), "the counters should come to rest")
    ran = lab.weirctl("status")
    for line in ran.out.splitlines():
        step.weir(line)
    step.check(ran.code == 0, f"weirctl status should be content, not end with {ran.code}")
    for port in lab.ask("dataplane", "status")["ports"]:
        name, counters = f"{port['pair']} {port['side']}", port["counters"]
        dropped = sum(counters["dropped"].values())
        named = " ".join(f"{reason}={count}" for reason, count in counters["dropped"].items() if count)
        step.weir(f"{name}: received {counters['received']} = transmitted {counters['transmitted']}"
                  f" + dropped {dropped} + parked {counters['parked']}   {named}")
        step.check(counters["received"] == counters["transmitted"] + dropped + counters["parked"],
                   f"the frames of {name} do not add up")
        step.check(counters["received"] > 100, f"{name} should have seen the story")
    check_workers(lab, step)
