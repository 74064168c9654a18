// SPDX-License-Identifier: Apache-2.0
// The filter of the queue as one line of text: `state:new severity:high,critical assignee:me is:overdue example.org`.
// Words without a key are what the object contains. Chips are the parsed words; the text is kept in the URL.

export const kKeys = [
  "state",
  "severity",
  "rule",
  "subject",
  "assignee",
  "is",
  "order",
  "from",
  "before",
] as const;
export type Key = (typeof kKeys)[number];

const kValues: Partial<Record<Key, readonly string[]>> = {
  state: ["new", "in_review", "confirmed", "justified", "false_positive", "closed"],
  severity: ["info", "low", "medium", "high", "critical"],
  is: ["unassigned", "overdue"],
  order: ["seen", "due"],
};

export interface Word {
  key: Key | "object";
  value: string;
}

export interface Fault {
  kind: "key" | "value" | "short";
  word: string;
  known: readonly string[];
}

export interface Filter {
  words: Word[];
  faults: Fault[];
}

const kObjectCharactersMin = 3; // of the API

/** Words apart by blanks; "a b" in quotes is one. */
export function split(text: string): string[] {
  const words: string[] = [];
  for (const found of text.matchAll(/(?:[^\s"]|"[^"]*"?)+/g)) {
    const word = found[0].replaceAll('"', "");
    if (word) words.push(word);
  }
  return words;
}

export function parse(text: string): Filter {
  const filter: Filter = { words: [], faults: [] };
  for (const word of split(text)) {
    const [, name, rest] = /^([a-z_]+):(.*)$/s.exec(word) ?? [];
    if (name === undefined || rest === undefined || /^\/\//.test(rest)) {
      if ([...word].length < kObjectCharactersMin) filter.faults.push({ kind: "short", word, known: [] });
      else filter.words.push({ key: "object", value: word });
      continue;
    }
    const key = kKeys.find((known) => known === name);
    if (!key) {
      filter.faults.push({ kind: "key", word: name, known: kKeys });
      continue;
    }
    const known = kValues[key];
    const wrong = known && rest.split(",").find((value) => !known.includes(value));
    const moment = (key === "from" || key === "before") && Number.isNaN(Date.parse(rest));
    if (wrong !== undefined || moment || rest === "")
      filter.faults.push({ kind: "value", word: `${key}:${wrong ?? rest}`, known: known ?? [] });
    else filter.words.push({ key, value: rest });
  }
  return filter;
}

const quoted = (value: string) => (/\s/.test(value) ? `"${value}"` : value);
export const wordText = (word: Word) =>
  word.key === "object" ? quoted(word.value) : `${word.key}:${quoted(word.value)}`;
export const textOf = (words: Word[]) => words.map(wordText).join(" ");

export const without = (text: string, gone: Word) =>
  textOf(parse(text).words.filter((word) => word.key !== gone.key || word.value !== gone.value));

/** The text with this word in the place of others of its key. */
export const withWord = (text: string, word: Word) =>
  textOf([...parse(text).words.filter((old) => old.key !== word.key), word]);

export interface Asked {
  state?: string;
  severity?: string;
  rule?: string;
  subject?: string;
  object?: string;
  assignee?: string;
  unassigned?: boolean;
  overdue?: boolean;
  order?: "seen" | "due";
  from?: string;
  before?: string;
}

/** As the API wants it; `me` stands for who is logged in. */
export function asked(filter: Filter, me: string): Asked {
  const query: Asked = {};
  const objects: string[] = [];
  for (const { key, value } of filter.words) {
    if (key === "object") objects.push(value);
    else if (key === "is" && value === "unassigned") query.unassigned = true;
    else if (key === "is") query.overdue = true;
    else if (key === "order") query.order = value === "due" ? "due" : "seen";
    else if (key === "from" || key === "before") query[key] = new Date(value).toISOString();
    else if (key === "assignee") query.assignee = value === "me" ? me : value;
    else query[key] = value;
  }
  if (objects.length > 0) query.object = objects.join(" ");
  return query;
}
