// SPDX-License-Identifier: Apache-2.0
import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";
import { startTexts } from "../src/i18n";

class Silent extends EventTarget {
  close() {}
}
vi.stubGlobal("EventSource", Silent);
Range.prototype.getClientRects ??= () => [] as unknown as DOMRectList;
localStorage.setItem("weir.language", "en");
await startTexts();

afterEach(() => {
  cleanup();
  localStorage.removeItem("weir.keys");
});
