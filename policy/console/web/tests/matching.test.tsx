// SPDX-License-Identifier: Apache-2.0
// One decision about all that the filter matches, also what no page shows; undone as one.
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { answerWith, me, operationIds } from "./mock";
import { showAt } from "./show";

const counted = (name: string, count: number, different = 1) => ({ different, most: [{ name, count }] });
const body = (more: boolean) => ({
  violations: [
    { id: 7, state: "new", assignee: "" },
    { id: 8, state: "in_review", assignee: "olga" },
    { id: 9, state: "new", assignee: "" },
  ],
  more,
  rules: counted("no-bets", 3, 4),
  subjects: counted("client-aaaaaaaaaa", 3),
  severities: counted("high", 3),
  states: counted("new", 2),
});

it("shows the number and the groups, decides once and is taken back", async () => {
  const calls = answerWith({
    me: me(),
    matchingViolations: { body: body(false) },
    changeViolations: { body: { changed: 3 } },
  });
  const changes = () => calls.filter((call) => call.id === "changeViolations").map((call) => call.body);
  showAt("/violations?q=severity:high");
  fireEvent.click(await screen.findByRole("button", { name: "Decide all that match…" }, { timeout: 10_000 }));
  await screen.findByText("3 violations match the filter");
  const dialog = within(screen.getByRole("dialog"));
  expect(dialog.getByText("and 3 others")).toBeTruthy();
  expect(calls.find((call) => call.id === "matchingViolations")?.url.search).toBe("?severity=high");
  fireEvent.click(dialog.getByRole("radio", { name: "Justified" }));
  fireEvent.click(dialog.getByRole("button", { name: "Decide 3 violations" }));
  await waitFor(() =>
    expect(changes()).toEqual([
      { ids: [7, 8, 9], what: "state", to: "justified", reason: "Reviewed in the queue" },
    ]),
  );
  fireEvent.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() =>
    expect(changes().slice(1)).toEqual([
      { ids: [7, 9], what: "state", to: "in_review", reason: "Undone" },
      { ids: [7, 9], what: "state", to: "new", reason: "Undone" },
      { ids: [8], what: "state", to: "in_review", reason: "Undone" },
    ]),
  );
});

it("says that there are more than it decides", async () => {
  answerWith({ me: me(), matchingViolations: { body: body(true) } });
  showAt("/violations");
  fireEvent.click(await screen.findByRole("button", { name: "Decide all that match…" }, { timeout: 10_000 }));
  expect(await screen.findByText(/These are the 5,000 that come first/)).toBeTruthy();
});

it("is not offered to who may only look", async () => {
  answerWith({ me: me(operationIds.filter((id) => id !== "changeViolations")) });
  showAt("/violations");
  await waitFor(() => expect(document.querySelector("[data-violation]")).not.toBeNull(), { timeout: 10_000 });
  expect(screen.queryByRole("button", { name: "Decide all that match…" })).toBeNull();
});
