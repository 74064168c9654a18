// SPDX-License-Identifier: Apache-2.0
// Triage by keys: what is asked of the appliance for each.
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { failModeOf } from "../src/frame";
import { answerWith, api, example, me, operationIds } from "./mock";
import { showAt } from "./show";

const key = (name: string) => fireEvent.keyDown(document.body, { key: name });
const rows = () => [...document.querySelectorAll<HTMLElement>("[data-violation]")];
const here = () => document.querySelector("[data-violation][aria-current]")?.getAttribute("data-violation");

async function queue(operations = operationIds) {
  const page = example(api.components.schemas.ViolationPage ?? {}, 3) as {
    violations: { state: string; assignee: string }[];
    next: null;
  };
  for (const row of page.violations) Object.assign(row, { state: "new", assignee: "" });
  page.next = null;
  const calls = answerWith({
    me: me(operations),
    violations: { body: page },
    changeViolations: { body: { changed: 1 } },
  });
  showAt("/violations");
  await waitFor(() => expect(rows()).toHaveLength(3), { timeout: 10_000 });
  return () => calls.filter((call) => call.id === "changeViolations").map((call) => call.body);
}

it("moves, selects, assigns and takes back", async () => {
  const changes = await queue();
  expect(here()).toBe("1");
  key("j");
  expect(here()).toBe("2");
  key("x");
  key("j");
  key("x");
  expect(screen.getByText("2 selected")).toBeTruthy();
  key("a");
  await waitFor(() => expect(changes()).toEqual([{ ids: [2, 3], what: "assignee", to: "ada", reason: "" }]));
  await screen.findByText("2 violations assigned");
  key("u");
  await waitFor(() =>
    expect(changes().at(-1)).toEqual({ ids: [2, 3], what: "assignee", to: "", reason: "Undone" }),
  );
});

it("shows what is meant before it decides, and goes on to the next row", async () => {
  const changes = await queue();
  key("e");
  const dialog = within(await screen.findByRole("dialog"));
  expect(dialog.getByText(/1 violation · 1 subject/)).toBeTruthy();
  fireEvent.click(dialog.getByRole("radio", { name: "Justified" }));
  fireEvent.click(dialog.getByRole("button", { name: "Decide 1 violation" }));
  await waitFor(() =>
    expect(changes()).toEqual([
      { ids: [1], what: "state", to: "justified", reason: "Reviewed in the queue" },
    ]),
  );
  expect(here()).toBe("2");
});

it("opens and closes by keys", async () => {
  await queue();
  key("Enter");
  await waitFor(() => expect(document.querySelector("[data-panel='1']")).not.toBeNull());
  key("Escape");
  await waitFor(() => expect(document.querySelector("[data-panel='1']")).toBeNull());
  key("?");
  expect(await screen.findByText("Select all, or none")).toBeTruthy();
});

it("changes nothing for who may only look, nor by keys that are turned off", async () => {
  const changes = await queue(operationIds.filter((id) => id !== "changeViolations"));
  key("a");
  key("e");
  expect(screen.queryByRole("dialog")).toBeNull();
  localStorage.setItem("weir.keys", "off");
  key("j");
  expect(here()).toBe("1");
  expect(changes()).toEqual([]);
});

it("says how frames fare when Weir dies, the worst first", () => {
  const pair = (on_death: string, by_hand = false) => ({ name: "p", on_death, by_hand, trouble: "" });
  expect(failModeOf(undefined)).toBe("unknown");
  expect(failModeOf([pair("nothing passes")])).toBe("closed");
  expect(failModeOf([pair("frames pass over the kernel bridge br0")])).toBe("open");
  expect(failModeOf([pair("nothing passes"), pair("frames pass")])).toBe("mixed");
  expect(failModeOf([pair("nothing passes", true), pair("frames pass")])).toBe("bypass");
});
