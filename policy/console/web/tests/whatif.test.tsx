// SPDX-License-Identifier: Apache-2.0
// What-if is a job: begun with the text, watched, cancelled, and its result is a table.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import { percentOf } from "../src/pages/PolicyWhatIf";
import { type Answers, answerWith, me, refused } from "./mock";
import { showAt } from "./show";

const job = (part: object) => ({
  body: {
    id: "1a",
    kind: "what-if",
    state: "running",
    done: 25,
    of: 100,
    events: 1234,
    left_s: 6.2,
    begun: "2026-03-04T10:20:30Z",
    why: "",
    result: null,
    ...part,
  },
});
const names = (name: string) => [{ name, flows: 3, bytes: 900 }];
const result = {
  flows: 40,
  changed: 3,
  since: "2026-03-04T10:00:00Z",
  changes: [
    {
      change: "newly blocked",
      flows: 3,
      bytes: 900,
      by_rule: names("no-new"),
      by_client: names("client-aaaaaaaaaa"),
      by_name: names("new.example"),
      by_application: [],
    },
  ],
};

const show = (answers: Answers) => {
  const calls = answerWith({ me: me(), ...answers });
  showAt("/policy?tab=whatif&job=1a");
  return calls;
};
const wait = { timeout: 10_000 };

it("says how far it is, and can be cancelled", async () => {
  let state = "running";
  const calls = show({ job: () => job({ state }), cancelJob: { status: 204, body: null } });
  const bar = await screen.findByRole("progressbar", undefined, wait);
  expect(bar.getAttribute("aria-valuenow")).toBe("25");
  expect(screen.getByText(/1,234 events were looked at · 7 seconds left/)).toBeTruthy();
  state = "cancelled";
  fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
  await screen.findByText("Cancelled: nothing was found out.", undefined, wait);
  expect(calls.filter((call) => call.id === "cancelJob").map((call) => call.csrf)).toEqual(["1"]);
});

it("shows by client and rule what would change", async () => {
  show({ job: job({ state: "done", result }) });
  await screen.findByText("Newly blocked", undefined, wait);
  for (const words of ["no-new", "client-aaaaaaaaaa", "new.example", "3 judged otherwise"])
    expect(screen.getByText(words)).toBeTruthy();
});

it("says why it failed, and that it is gone", async () => {
  show({ job: job({ state: "failed", why: "Redis does not answer" }) });
  await screen.findByText(/Redis does not answer/, undefined, wait);
});

it("says that a job is not known any more", async () => {
  show({ job: refused(404, "not-found") });
  await waitFor(() => expect(document.querySelector("[data-state=error]")).not.toBeNull(), wait);
});

it("has a share of what is to be done", () => {
  expect(percentOf({ done: 0, of: 0 })).toBe(0);
  expect(percentOf({ done: 1, of: 3 })).toBe(33);
  expect(percentOf({ done: 9, of: 3 })).toBe(100);
});
