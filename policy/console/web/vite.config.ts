// SPDX-License-Identifier: Apache-2.0
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { dropMeaningsPlugin } from "./tools/drop_meanings.ts";
import { gzipPlugin } from "./tools/gzip.ts";

export default defineConfig({
  plugins: [react(), dropMeaningsPlugin(), gzipPlugin()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // everything is a file of its own: font-src and img-src 'self' suffice
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800, // kB before compression; tools/size.mjs keeps the budget of the first load
  },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    isolate: false,
    testTimeout: 15_000,
  },
});
