// SPDX-License-Identifier: Apache-2.0
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { answerWith, me, refused } from "./mock";
import { showAt } from "./show";

const type = (label: RegExp, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
const press = (name: string | RegExp) => fireEvent.click(screen.getByRole("button", { name }));

it("changes the password, with the present one, and says what is wrong", async () => {
  let tries = 0;
  const calls = answerWith({
    me: me(),
    changePassword: () =>
      ++tries === 1 ? refused(422, "invalid", "the present password is not right") : me(),
  });
  showAt("/account");
  await screen.findByRole("heading", { name: "Your account" });
  type(/^Present password/, "no");
  type(/^New password/, "another long sentence");
  press("Change the password");
  await screen.findByText(/present password is not right/);
  type(/^Present password/, "a long sentence");
  press("Change the password");
  await screen.findByText(/your other sessions have ended/);
  expect(calls.filter((call) => call.id === "changePassword").at(-1)?.body).toEqual({
    old: "a long sentence",
    new: "another long sentence",
  });
});

it("shows nothing else before a reset password was changed", async () => {
  const reset = { body: { ...me().body, must_change: true } };
  answerWith({ me: reset, changePassword: me() });
  showAt("/clients");
  await screen.findByRole("heading", { name: "Choose a password of your own" });
  expect(screen.queryByRole("navigation")).toBeNull();
  type(/^Present password/, "what the admin said");
  type(/^New password/, "another long sentence");
  press("Change the password");
  await screen.findByRole("heading", { name: "Clients" });
});

it("ends a session, of an account that is named", async () => {
  const rows = [
    { id: "aa", began: null, used: null, address: "10.0.0.1", current: true },
    { id: "bb", began: null, used: null, address: "10.0.0.2", current: false },
  ];
  const calls = answerWith({ me: me(), sessions: { body: { sessions: rows } } });
  showAt("/account?of=bruno");
  await screen.findByRole("heading", { name: "Account bruno" });
  expect(screen.queryByLabelText(/^Present password/)).toBeNull();
  const table = await screen.findByRole("grid", { name: "Sessions" });
  expect(within(table).getAllByRole("button")).toHaveLength(1);
  press("End");
  await waitFor(() => {
    const url = calls.find((call) => call.id === "endSession")?.url;
    expect(url?.pathname).toBe("/api/v1/sessions/bb");
    expect(url?.searchParams.get("account")).toBe("bruno");
  });
});

it("makes a token of what one may oneself and shows it once", async () => {
  const calls = answerWith({
    me: me(["me", "violations", "tokens", "addToken", "sessions"]),
    tokens: { body: { tokens: [] } },
  });
  showAt("/account");
  press((await screen.findAllByRole("button", { name: "New token" }))[0]?.textContent ?? "");
  type(/^What it is for/, "nightly");
  expect(screen.queryByLabelText("addToken")).toBeNull();
  fireEvent.click(screen.getByLabelText("violations"));
  press("Make the token");
  await screen.findByDisplayValue("token 1");
  expect(calls.find((call) => call.id === "addToken")?.body).toEqual({
    name: "nightly",
    days: 30,
    scope: ["violations"],
  });
  press("I have kept it");
  await waitFor(() => expect(screen.queryByDisplayValue("token 1")).toBeNull());
});

it("resets an account, its second step too", async () => {
  const account = {
    name: "bruno",
    role: "officer",
    made: null,
    last_login: null,
    enrolled: true,
    must_change: false,
  };
  const calls = answerWith({ me: me(), accounts: { body: { accounts: [account] } } });
  showAt("/accounts");
  fireEvent.click(await screen.findByRole("button", { name: "Reset bruno" }));
  type(/^Password/, "until you choose one");
  fireEvent.click(screen.getByLabelText(/second step is lost/));
  press("Reset");
  await screen.findByText(/bruno was reset/);
  expect(calls.find((call) => call.id === "resetAccount")?.body).toEqual({
    password: "until you choose one",
    totp: true,
  });
});
