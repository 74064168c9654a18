// SPDX-License-Identifier: Apache-2.0
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import { answerWith, me, refused } from "./mock";
import { showAt } from "./show";

const nobody = refused(401, "unauthenticated");
const type = (label: RegExp, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

it("asks for name and password, then for the code, and shows the page that was asked for", async () => {
  const calls = answerWith({
    me: nobody,
    setupState: { body: { needed: false } },
    login: { body: { next: "totp" } },
    totp: me(),
  });
  showAt("/clients");
  await screen.findByRole("heading", { name: "Sign in" });
  type(/^Name/, "ada");
  type(/^Password/, "a long sentence");
  press("Sign in");
  await screen.findByRole("heading", { name: "Second step" });
  type(/^Code/, "123 456");
  press("Verify");
  await screen.findByRole("heading", { name: "Clients" });
  expect(calls.find((call) => call.id === "totp")).toMatchObject({ csrf: "1", body: { code: "123456" } });
});

it("makes the first account with the one-time code and shows the secret once", async () => {
  const enrol = { secret: "ABCDEFGH2345", uri: "otpauth://totp/Weir:ada?secret=ABCDEFGH2345" };
  const calls = answerWith({
    me: nobody,
    setupState: { body: { needed: true } },
    setup: { status: 201, body: { next: "totp", enrol } },
  });
  showAt("/");
  await screen.findByRole("heading", { name: "First start" });
  type(/^One-time code/, " k3m9-q2x7 ");
  type(/^Name/, "ada");
  type(/^Password/, "a long sentence");
  press("Make the account");
  await screen.findByText("ABCD EFGH 2345");
  expect(calls.find((call) => call.id === "setup")?.body).toMatchObject({ code: "k3m9-q2x7", name: "ada" });
});

it("tells a wrong password from a wrong code, and how long to wait", async () => {
  const tooMany = refused(429, "too-many");
  Object.assign(tooMany.body as object, { retry_after_s: 7 });
  let tries = 0;
  answerWith({
    me: nobody,
    setupState: { body: { needed: false } },
    login: () => (++tries === 1 ? refused(401, "unauthenticated") : tooMany),
  });
  showAt("/");
  await screen.findByRole("heading", { name: "Sign in" });
  type(/^Name/, "ada");
  type(/^Password/, "no");
  press("Sign in");
  await screen.findByText(/Name or password is not right/);
  press("Sign in");
  await waitFor(() => expect(screen.getByText(/Wait 7 seconds/)).toBeTruthy());
});
