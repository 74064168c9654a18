// SPDX-License-Identifier: Apache-2.0
// A file leaves the appliance for a reason, piece by piece, and the page says what is not in it.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { fetchFile } from "../src/api/download";
import { answerWith, me, operationIds } from "./mock";
import { showAt } from "./show";

const kHeaders = {
  "Content-Length": "6",
  "Content-Disposition": 'attachment; filename="violation-1.tar"',
  "Weir-Missing": '["the first packets of f1"]',
};
const twoPieces = () =>
  new ReadableStream<Uint8Array>({
    start(stream) {
      stream.enqueue(new TextEncoder().encode("abc"));
      stream.enqueue(new TextEncoder().encode("def"));
      stream.close();
    },
  });

beforeEach(() => {
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:x");
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

it("says how far it is, and gives the bytes", async () => {
  vi.stubGlobal("fetch", async () => new Response(twoPieces(), { headers: kHeaders }));
  const seen: [number, number][] = [];
  const file = await fetchFile("/x", {}, (here, all) => seen.push([here, all]), new AbortController().signal);
  expect(seen).toEqual([
    [3, 6],
    [6, 6],
  ]);
  expect(await file.blob.text()).toBe("abcdef");
  expect(file.name).toBe("violation-1.tar");
  expect(file.missing).toEqual(["the first packets of f1"]);
});

it("throws what the appliance refused, and that it does not answer", async () => {
  vi.stubGlobal("fetch", async () => new Response('{"code":"conflict","detail":"wait"}', { status: 409 }));
  await expect(fetchFile("/x", {}, () => undefined, new AbortController().signal)).rejects.toMatchObject({
    status: 409,
    message: "wait",
  });
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("gone")));
  await expect(fetchFile("/x", {}, () => undefined, new AbortController().signal)).rejects.toMatchObject({
    status: 0,
  });
});

it("needs a reason, and is offered to whom may alone", async () => {
  const calls = answerWith({ me: me() });
  const usual = globalThis.fetch;
  vi.stubGlobal("fetch", async (request: Request) => {
    const answer = await usual(request);
    return request.url.endsWith("/evidence") ? new Response(twoPieces(), { headers: kHeaders }) : answer;
  });
  showAt("/violations?open=1");
  fireEvent.click(await screen.findByRole("button", { name: "Export evidence…" }, { timeout: 10_000 }));
  const go = screen.getByRole("button", { name: "Export" });
  expect(go).toHaveProperty("disabled", true);
  fireEvent.change(document.getElementById("export-reason") as HTMLElement, {
    target: { value: "case 4711" },
  });
  fireEvent.click(go);
  await screen.findByText(/the first packets of f1/);
  expect(calls.find((call) => call.id === "exportViolation")).toMatchObject({
    csrf: "1",
    body: { what: "bundle", reason: "case 4711" },
  });
  await waitFor(() => expect(HTMLAnchorElement.prototype.click).toHaveBeenCalledTimes(1));
});

it("is not offered to others", async () => {
  answerWith({ me: me(operationIds.filter((id) => id !== "exportViolation")) });
  showAt("/violations?open=1");
  await screen.findByRole("button", { name: "Make an exception…" }, { timeout: 10_000 });
  expect(screen.queryByRole("button", { name: "Export evidence…" })).toBeNull();
});
