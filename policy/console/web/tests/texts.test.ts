// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { dropsFr } from "../src/i18n/drops.fr";
import { en } from "../src/i18n/en";
import { fr } from "../src/i18n/fr";
import { bitsPerSecondText, bytesText, countdownText } from "../src/lib/format";
import { dropMeanings, readDropMeanings } from "../tools/drop_meanings";

const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

it("has the same holes in both languages", () => {
  for (const key of Object.keys(en) as (keyof typeof en)[])
    expect(holes(fr[key]), key).toEqual(holes(en[key]));
});

it("explains every drop of docs/operations.md in French too", () => {
  expect(Object.keys(dropsFr).sort()).toEqual(Object.keys(readDropMeanings()).sort());
});

it("refuses a document without the table", () => {
  expect(() => dropMeanings("## Something else\n")).toThrow(/no table of drops/);
});

it("writes numbers with units", () => {
  expect(bytesText(999, "en")).toBe("999 B");
  expect(bytesText(999_999, "en")).toBe("1 MB");
  expect(bytesText(1_234_000, "fr")).toBe("1,23 MB");
  expect(bitsPerSecondText(12_345_678, "en")).toBe("12.3 Mbit/s");
  expect(countdownText(75.2)).toBe("1:16");
  expect(countdownText(-3)).toBe("0:00");
});
