// SPDX-License-Identifier: Apache-2.0
// What each reason for a drop means, from the table of docs/operations.md: the one place where it is said.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const kName = "virtual:drop-meanings";
const kSource = join(import.meta.dirname, "../../../../docs/operations.md");
const kHeading = "## A frame that did not leave";

export function dropMeanings(markdown: string): Record<string, string> {
  const section = markdown.split(kHeading)[1]?.split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/^\| `([a-z0-9-]+)` \| (.+) \|$/gm)];
  if (rows.length === 0) throw new Error(`${kSource}: no table of drops under "${kHeading}"`);
  return Object.fromEntries(
    rows.map(([, name, meaning]) => [name as string, (meaning as string).replaceAll("`", "")]),
  );
}

export const readDropMeanings = () => dropMeanings(readFileSync(kSource, "utf-8"));

export const dropMeaningsPlugin = (): Plugin => ({
  name: "drop-meanings",
  resolveId: (id) => (id === kName ? `\0${kName}` : undefined),
  load: (id) => (id === `\0${kName}` ? `export default ${JSON.stringify(readDropMeanings())}` : undefined),
});
