// SPDX-License-Identifier: Apache-2.0
// Each page in each state that a list can be in, with answers made from the API's file.
import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { answerWith, example, me, operationIds, refused } from "./mock";
import { showAt } from "./show";

const kPageOf = { flows: "FlowPage", clients: "Clients", software: "SoftwareList" } as const;
const kWait = { timeout: 10_000 }; // the first page of a run loads its modules
const state = (name: string) =>
  waitFor(() => expect(document.querySelector(`[data-state=${name}]`)).not.toBeNull(), kWait);

const kLists = [
  {
    path: "/violations",
    id: "violations",
    body: { violations: [], next: null },
    filtered: "/violations?q=example",
  },
  {
    path: "/flows",
    id: "flows",
    body: { flows: [], searched: 0, next: null },
    filtered: "/flows?host=example",
  },
  { path: "/clients", id: "clients", body: { clients: [], next: null } },
  { path: "/software", id: "software", body: { software: [], next: null }, filtered: "/software?client=x" },
  {
    path: "/exceptions",
    id: "exceptions",
    body: { exceptions: [] },
    filtered: "/exceptions?show=held",
  },
  { path: "/reports", id: "reports", body: { reports: [] } },
  { path: "/accounts", id: "accounts", body: { accounts: [] } },
  { path: "/account", id: "sessions", body: { sessions: [] } },
  { path: "/audit", id: "audit", body: { entries: [], next: null } },
] as const;
const kPages = [
  ...kLists,
  { path: "/overview", id: "overview" },
  { path: "/system", id: "status" },
  { path: "/policy", id: "policy" },
];

describe.each(kPages)("$path", ({ path, id }) => {
  it("shows rows", async () => {
    answerWith({ me: me() });
    showAt(path);
    await screen.findByRole("heading", { level: 1 }, kWait);
    await waitFor(() => expect(document.querySelector("table, [data-editor]")).not.toBeNull(), kWait);
  });
  it("says what failed, and its reference", async () => {
    answerWith({ me: me(), [id]: refused(503, "unavailable", "The store does not answer.") });
    showAt(path);
    await state("error");
    expect(screen.getByText(/The store does not answer/)).toBeTruthy();
    expect(screen.getByText(/ref-1/)).toBeTruthy();
  });
  it("is not asked for where the role does not include it", async () => {
    const calls = answerWith({ me: me(operationIds.filter((one) => one !== id && one !== "overview")) });
    showAt(path);
    await state("forbidden");
    expect(calls.map((call) => call.id)).not.toContain(id);
  });
});

it.each(kLists)("$path says that there is nothing yet", async ({ path, id, body }) => {
  answerWith({ me: me(), [id]: { body } });
  showAt(path);
  await state("empty");
});

const kFiltered = kLists.flatMap((list) => ("filtered" in list ? [list] : []));
it.each(kFiltered)(
  "$filtered says that nothing was found, and clears the filter",
  async ({ filtered, id, body }) => {
    answerWith({ me: me(), [id]: { body } });
    showAt(filtered);
    await state("none");
    for (const button of screen.getAllByRole("button", { name: "Clear filters" }).slice(-1)) button.click();
    await state("empty");
  },
);

it("shows that it loads", async () => {
  answerWith({ me: () => ({ body: me().body }) });
  showAt("/clients");
  expect(document.querySelector("[data-state=loading]")).not.toBeNull();
  await screen.findByRole("heading", { level: 1 }, kWait);
});

it("names what is missing of an overview", async () => {
  answerWith({ me: me() });
  showAt("/overview");
  await state("partial");
});

const kPaged = [
  { path: "/flows", id: "flows", list: "flows", key: "id", extra: { searched: 5 } },
  { path: "/clients", id: "clients", list: "clients", key: "name", extra: {} },
  { path: "/software", id: "software", list: "software", key: "product", extra: {} },
] as const;
it.each(kPaged)("$path goes on where the page before ended", async ({ path, id, list, key, extra }) => {
  const row = (name: string) => {
    const page = example({ $ref: `#/components/schemas/${kPageOf[id]}` }, 1) as Record<string, object[]>;
    return { ...page[list]?.[0], [key]: name };
  };
  let asked = 0;
  const calls = answerWith({
    me: me(),
    [id]: () => {
      asked += 1;
      const again = id === "software" ? [] : [row("first-one")]; // what has moved meanwhile
      const rows = asked === 1 ? [row("first-one")] : [...again, row("second-one")];
      return { body: { [list]: rows, next: asked === 1 ? "behind it" : null, ...extra } };
    },
  });
  showAt(path);
  (await screen.findByRole("button", { name: "Show more" }, kWait)).click();
  await waitFor(() => expect(screen.queryByRole("button", { name: "Show more" })).toBeNull(), kWait);
  expect(
    calls
      .filter((call) => call.id === id)
      .at(-1)
      ?.url.searchParams.get("cursor"),
  ).toBe("behind it");
  const shown = document.querySelectorAll(id === "flows" ? "[data-flow=first-one]" : "tbody tr").length;
  expect(shown).toBe(id === "flows" ? 1 : 2);
});

it("offers to search on where a filter found nothing yet", async () => {
  answerWith({ me: me(), flows: { body: { flows: [], searched: 100_000, next: "on" } } });
  showAt("/flows?host=example");
  await screen.findByRole("button", { name: /search further back/ }, kWait);
});

it("knows no other page", async () => {
  answerWith({ me: me() });
  showAt("/nothing");
  expect(await screen.findByText("No such page")).toBeTruthy();
});
