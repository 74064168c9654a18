// SPDX-License-Identifier: Apache-2.0
// A report is made to be looked at, and the same is downloaded; kept ones are files.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { answerWith, me, operationIds, refused } from "./mock";
import { showAt } from "./show";

const wait = { timeout: 10_000 };
beforeEach(() => {
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:x");
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

it("downloads what it shows", async () => {
  const calls = answerWith({ me: me() });
  const asked = () => calls.filter((call) => call.id === "makeReport").map((call) => call.body);
  showAt("/reports");
  fireEvent.change(await screen.findByLabelText("Report of", undefined, wait), {
    target: { value: "monthly" },
  });
  fireEvent.change(document.getElementById("report-from") as HTMLElement, {
    target: { value: "2026-10-01" },
  });
  fireEvent.change(document.getElementById("report-group") as HTMLElement, { target: { value: " lab " } });
  fireEvent.click(screen.getByRole("button", { name: "Make" }));
  fireEvent.click(await screen.findByRole("button", { name: "Download as PDF" }, wait));
  const what = { kind: "monthly", language: "en", from: "2026-10-01", group: "lab" };
  await waitFor(() =>
    expect(asked()).toEqual([
      { ...what, format: "page" },
      { ...what, format: "pdf" },
    ]),
  );
  await waitFor(() => expect(HTMLAnchorElement.prototype.click).toHaveBeenCalledTimes(1));
  fireEvent.click(screen.getByRole("button", { name: "title 1 as CSV" }));
  await waitFor(() => expect(asked().at(-1)).toEqual({ ...what, format: "csv", table: "key 1" }));
});

it("fetches a kept one by its name", async () => {
  const calls = answerWith({ me: me() });
  showAt("/reports");
  fireEvent.click(await screen.findByRole("button", { name: "Download name 1" }, wait));
  await waitFor(() =>
    expect(calls.find((call) => call.id === "fetchReport")).toMatchObject({
      csrf: "1",
      body: { name: "name 1" },
    }),
  );
});

it("says what is wrong with what was asked", async () => {
  answerWith({ me: me(), makeReport: refused(404, "not-found", "no group is called lab") });
  showAt("/reports");
  fireEvent.click(await screen.findByRole("button", { name: "Make" }, wait));
  await screen.findByText(/no group is called lab/, undefined, wait);
});

it("makes none for who may only see those that are kept", async () => {
  answerWith({ me: me(operationIds.filter((id) => id !== "makeReport")) });
  showAt("/reports");
  await screen.findByText("name 1", undefined, wait);
  expect(screen.queryByRole("button", { name: "Make" })).toBeNull();
});
