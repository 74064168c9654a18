// SPDX-License-Identifier: Apache-2.0
// An exception is made in two steps: what it will match is shown, then it is put in force.
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { bodyOf, emptyForm, formOf, isWhole } from "../src/lib/exception";
import { answerWith, me, refused } from "./mock";
import { showAt } from "./show";

const row = { id: 17, rule: "no-bets", subject: "client-aaaaaaaaaa", object: "bet.example" };

it("begins as narrow as the violation", () => {
  expect(formOf(row).values).toEqual({ client: row.subject, rule: "no-bets", domain: "bet.example" });
  expect(formOf({ ...row, subject: "group lab", object: "bet.example/odds" }).values).toEqual({
    group: "lab",
    rule: "no-bets",
  });
  expect(formOf({ ...row, subject: "all", object: "203.0.113.9" }).values).toEqual({ rule: "no-bets" });
  expect(bodyOf({ ...formOf(row), reason: " case 4711 " })).toEqual({
    name: "violation-17",
    reason: "case 4711",
    client: ["client-aaaaaaaaaa"],
    rule: ["no-bets"],
    domain: ["bet.example"],
    lasting: "7d",
    violation: 17,
  });
});

it("is whole only with whom, what, an end and why", () => {
  const whole = { ...formOf(row), reason: "case 4711" };
  expect(isWhole(whole)).toBe(true);
  expect(isWhole({ ...whole, reason: " " })).toBe(false);
  expect(isWhole({ ...whole, lasting: "" })).toBe(false);
  expect(isWhole({ ...whole, lasting: "", until: "2199-01-01" })).toBe(true);
  expect(isWhole({ ...whole, values: { client: "10.0.0.1" } })).toBe(false);
  expect(isWhole({ ...whole, values: { rule: "no-bets", client: " , " } })).toBe(false);
  expect(isWhole(emptyForm)).toBe(false);
  expect(bodyOf({ ...whole, lasting: "", until: "2199-01-01", values: { mac: "a, b,,c" } })).toMatchObject({
    until: "2199-01-01",
    mac: ["a", "b", "c"],
  });
});

it("is shown before it is made, anew after each change", async () => {
  const calls = answerWith({ me: me() });
  const asked = (id: string) => calls.filter((call) => call.id === id).length;
  showAt("/exceptions");
  fireEvent.click(await screen.findByRole("button", { name: "New exception…" }, { timeout: 10_000 }));
  const dialog = within(await screen.findByRole("dialog"));
  const type = (id: string, value: string) =>
    fireEvent.change(document.getElementById(`exception-${id}`) as HTMLElement, { target: { value } });
  expect(dialog.getByRole("button", { name: "Show what it will match" })).toHaveProperty("disabled", true);
  type("name", "trial");
  type("group", "lab");
  type("domain", "bet.example");
  type("reason", "case 4711");
  fireEvent.click(dialog.getByRole("button", { name: "Show what it will match" }));
  await dialog.findByText("What it will match");
  type("domain", "dice.example");
  expect(dialog.queryByText("What it will match")).toBeNull();
  fireEvent.click(dialog.getByRole("button", { name: "Show what it will match" }));
  fireEvent.click(await dialog.findByRole("button", { name: "Make the exception" }));
  await waitFor(() => expect(asked("addException")).toBe(1));
  expect(asked("tryException")).toBe(2);
  const made = calls.find((call) => call.id === "addException");
  expect(made?.csrf).toBe("1");
  expect(made?.body).toEqual({
    name: "trial",
    reason: "case 4711",
    group: ["lab"],
    domain: ["dice.example"],
    lasting: "7d",
  });
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

it("says what is wrong with one and keeps what was written", async () => {
  const mistake = { line: 0, column: 0, what: "no group is called lab", advice: "declare it under groups" };
  const answer = refused(422, "invalid", "1 mistakes");
  answerWith({
    me: me(),
    tryException: { ...answer, body: { ...(answer.body as object), errors: [mistake] } },
  });
  showAt("/exceptions");
  fireEvent.click(await screen.findByRole("button", { name: "New exception…" }, { timeout: 10_000 }));
  const type = (id: string, value: string) =>
    fireEvent.change(document.getElementById(`exception-${id}`) as HTMLElement, { target: { value } });
  for (const [id, value] of [
    ["name", "trial"],
    ["group", "lab"],
    ["rule", "no-bets"],
    ["reason", "why"],
  ] as const)
    type(id, value);
  fireEvent.click(screen.getByRole("button", { name: "Show what it will match" }));
  expect(await screen.findByText("no group is called lab (declare it under groups)")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Make the exception" })).toBeNull();
});
