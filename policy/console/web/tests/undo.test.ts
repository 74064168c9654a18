// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { State, Violation } from "../src/api/client";
import { inverse, wayBack, waysOn } from "../src/lib/undo";

const row = (id: number, state: State, assignee = "") => ({ id, state, assignee }) as Violation;

/** As the store allows it (policy/store/violation_life.cc). */
const mayGo = (from: State, to: State) => from !== to && waysOn([row(1, from)]).includes(to);
const kStates: State[] = ["new", "in_review", "confirmed", "justified", "false_positive", "closed"];

it("goes back only by moves that the appliance allows", () => {
  for (const before of kStates)
    for (const now of kStates) {
      if (!mayGo(before, now)) continue;
      const way = wayBack(now, before);
      if (now === "closed") expect(way).toBeNull();
      else {
        let at: State = now;
        for (const next of way ?? []) {
          expect(mayGo(at, next), `${at} -> ${next}`).toBe(true);
          at = next;
        }
        expect(at).toBe(before);
      }
    }
});

it("takes back a bulk change group by group", () => {
  const rows = [row(1, "new"), row(2, "in_review"), row(3, "new")];
  const change = { ids: [1, 2, 3], what: "state", to: "confirmed", reason: "x" } as const;
  expect(inverse(rows, { ...change, ids: [...change.ids] }, "undone")).toEqual([
    { ids: [1, 3], what: "state", to: "in_review", reason: "undone" },
    { ids: [1, 3], what: "state", to: "new", reason: "undone" },
    { ids: [2], what: "state", to: "in_review", reason: "undone" },
  ]);
});

it("gives violations back to whom they were", () => {
  const rows = [row(1, "new", "bob"), row(2, "new")];
  expect(inverse(rows, { ids: [1, 2], what: "assignee", to: "ada", reason: "" }, "undone")).toEqual([
    { ids: [1], what: "assignee", to: "bob", reason: "undone" },
    { ids: [2], what: "assignee", to: "", reason: "undone" },
  ]);
});

it("takes back neither a note nor a closing", () => {
  expect(inverse([row(1, "new")], { ids: [1], what: "note", reason: "n" }, "")).toBeNull();
  expect(
    inverse([row(1, "confirmed")], { ids: [1], what: "state", to: "closed", reason: "c" }, ""),
  ).toBeNull();
});

it("offers only what all rows can become", () => {
  expect(waysOn([row(1, "new"), row(2, "confirmed")])).toEqual(["in_review", "justified", "false_positive"]);
  expect(waysOn([row(1, "closed")])).toEqual([]);
});
