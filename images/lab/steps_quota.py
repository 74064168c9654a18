# SPDX-License-Identifier: Apache-2.0
"""The step of the story about quotas: what a client uses is counted, and it learns when there is no more."""

import re

from lab import until
from steps_refusals import explained

RULE, HOST = "video-budget", "budget.example"
LIMIT_BYTES = 5_000_000
FILE_BYTES = 1_000_000
LATE_S = 20  # two counts of a live flow, and the way through Redis and the engine
TOLD = "That was all for this month."


def load(lab, family, path, *options, scheme="http", timeout=20):
    return lab.curl(family, "--output", "/dev/null", "--write-out", "%{http_code} %{size_download}", *options,
                    f"{scheme}://{HOST}/{path}", timeout=timeout)


def used_up(lab, step):
    """Small files until nothing is left; the other address of the client has a quota of its own, which a long download ends."""
    before = len(lab.requests(HOST))
    loaded, deadline = [], LIMIT_BYTES // FILE_BYTES + 20

    def refused():
        ran = load(lab, "-4", "large.bin")
        loaded.append(ran.out.split())
        return ran.out.startswith("403") and ran
    ran = until(refused, deadline)
    step.line("client", f"curl http://{HOST}/large.bin  ->  {' '.join(code for code, _ in loaded)}")
    whole = sum(size == str(FILE_BYTES) for _, size in loaded)
    step.check(ran, "the client should be refused once its quota is used up")
    step.check(whole * FILE_BYTES >= LIMIT_BYTES * 0.9, f"what it has is its own: {whole} files of 1 MB should have come")
    step.check(len(lab.requests(HOST)) - before == whole, "the server should have seen no further request")
    ran = lab.curl("-4", f"http://{HOST}/")
    step.client(ran)
    step.check(TOLD in ran.out, "the page should say why")
    explained(lab, step, ran.out, RULE)
    ran = lab.curl("-4", f"https://{HOST}/")
    step.check("alert access denied" in ran.err, "over TLS it is a block")
    ran = lab.weirctl("quota", "list", "--rule", RULE)
    step.weir("weirctl quota list: " + next((line for line in ran.out.splitlines() if RULE in line), ran.text))
    step.check(re.search(rf"{RULE}.*10\.20\.0\.10", ran.out), "the use should be listed")
    for percent in ("80", "100"):
        found = until(lambda: any(f"{percent} %" in row["object"] for row in lab.violations(rule=RULE)))
        step.check(found, f"the officer should be told at {percent} %")
    step.check_violation(rule=RULE)
    ran = lab.weirctl("quota", "forgive", RULE, "10.20.0.10", "--reason", "the lab goes on")
    step.weir(f"weirctl quota forgive: {ran.text}")
    step.check(until(lambda: load(lab, "-4", "large.bin").out == f"200 {FILE_BYTES}"),
               "who is forgiven should load again")
    ran = load(lab, "-6", "long.bin", "--limit-rate", "1M", "--max-time", "60", scheme="https", timeout=65)
    step.client(ran)
    size = int((ran.out.split() + ["0", "0"])[1])
    step.check(ran.code != 0 and LIMIT_BYTES * 0.9 <= size <= LIMIT_BYTES + LATE_S * 1_000_000,
               f"a long download should end soon after {LIMIT_BYTES} bytes, not after {size}")
