// SPDX-License-Identifier: Apache-2.0
// What takes a change of violations back: the moves that lead from the state they have now to the one they had.
import type { State, Violation } from "../api/client";

export interface Change {
  ids: number[];
  what: "state" | "assignee" | "note";
  to?: string;
  reason: string;
}

/** What has to be known of a violation to take a change of it back. */
export type Before = Pick<Violation, "id" | "state" | "assignee">;

const isDecision = (state: string) => ["confirmed", "justified", "false_positive"].includes(state);

/** The states to go through, the last one included; null: there is no way back. */
export function wayBack(now: State, before: State): State[] | null {
  if (now === before) return [];
  if (now === "closed") return null;
  if (before === "new" && isDecision(now)) return ["in_review", "new"];
  return [before];
}

function grouped(rows: Before[], key: (row: Before) => string): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row.id]);
  return groups;
}

/** Changes in the order in which they are to be made; null where something has no way back. */
export function inverse(rowsBefore: Before[], change: Change, reason: string): Change[] | null {
  if (change.what === "note") return null;
  if (change.what === "assignee") {
    return [...grouped(rowsBefore, (row) => row.assignee)].map(([to, ids]) => ({
      ids,
      what: "assignee",
      to,
      reason,
    }));
  }
  const changes: Change[] = [];
  for (const [before, ids] of grouped(rowsBefore, (row) => row.state)) {
    const way = wayBack(change.to as State, before as State);
    if (!way) return null;
    for (const to of way) changes.push({ ids, what: "state", to, reason });
  }
  return changes;
}

/** Where all of them may go next. */
export function waysOn(rows: Pick<Before, "state">[]): State[] {
  const of = (state: State): State[] => {
    if (state === "closed") return [];
    if (state === "new") return ["in_review", "confirmed", "justified", "false_positive"];
    if (state === "in_review") return ["new", "confirmed", "justified", "false_positive"];
    return ["in_review", "confirmed", "justified", "false_positive", "closed"];
  };
  const [first, ...rest] = rows.map((row) => of(row.state).filter((to) => to !== row.state));
  return (first ?? []).filter((to) => rest.every((ways) => ways.includes(to)));
}
