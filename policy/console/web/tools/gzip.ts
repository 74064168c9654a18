// SPDX-License-Identifier: Apache-2.0
// `x.gz` beside each text of the build: the server sends it where the browser takes it, and compresses nothing itself.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const kTexts = /\.(js|css|html|svg)$/;

export const gzipPlugin = (): Plugin => ({
  name: "gzip",
  apply: "build",
  writeBundle({ dir = "" }) {
    for (const name of readdirSync(dir, { recursive: true, encoding: "utf-8" })) {
      if (kTexts.test(name))
        writeFileSync(join(dir, `${name}.gz`), gzipSync(readFileSync(join(dir, name)), { level: 9 }));
    }
  },
});
