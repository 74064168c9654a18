// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { asked, parse, split, textOf, without, withWord } from "../src/lib/query";

it("splits at blanks outside of quotes", () => {
  expect(split('a:b "two words"  rule:"x y" open"')).toEqual(["a:b", "two words", "rule:x y", "open"]);
});

it("asks the API for what the text says", () => {
  const filter = parse(
    "state:new,in_review severity:high rule:no-games assignee:me is:overdue order:due example.org from:2026-01-02",
  );
  expect(filter.faults).toEqual([]);
  expect(asked(filter, "ada")).toEqual({
    state: "new,in_review",
    severity: "high",
    rule: "no-games",
    assignee: "ada",
    overdue: true,
    order: "due",
    object: "example.org",
    from: "2026-01-02T00:00:00.000Z",
  });
});

it("names what it does not know", () => {
  const { faults } = parse("stat:new state:old,new ab from:yesterday rule:");
  expect(faults.map((fault) => [fault.kind, fault.word])).toEqual([
    ["key", "stat"],
    ["value", "state:old"],
    ["short", "ab"],
    ["value", "from:yesterday"],
    ["value", "rule:"],
  ]);
});

it("takes an address of the net for an object, not for a key", () => {
  expect(parse("https://example.org").words).toEqual([{ key: "object", value: "https://example.org" }]);
});

it("adds and removes words, and keeps the others", () => {
  expect(withWord("state:new example", { key: "state", value: "closed" })).toBe("example state:closed");
  expect(without("state:new example", { key: "object", value: "example" })).toBe("state:new");
  const text = 'rule:"two words" object';
  expect(textOf(parse(text).words)).toBe(text);
});
