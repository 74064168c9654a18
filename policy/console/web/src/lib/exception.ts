// SPDX-License-Identifier: Apache-2.0
// The form of a new exception as the API wants it, and how it begins for a violation.
import type { Violation } from "../api/client";
import type { Exception, NewException } from "../api/exceptions";

export const kWhom = ["client", "mac", "group"] as const;
export const kWhat = ["rule", "domain", "app", "recipient", "product"] as const;
export type ExceptionKey = (typeof kWhom)[number] | (typeof kWhat)[number];

export const kLasting = ["1h", "12h", "1d", "7d", "30d", "90d"] as const;

export interface ExceptionForm {
  name: string;
  values: Partial<Record<ExceptionKey, string>>; // by commas
  /** One of kLasting, or "" where `until` says it. */
  lasting: string;
  until: string; // a day, 2027-06-30
  owner: string;
  reason: string;
  violation: number | null;
}

export const emptyForm: ExceptionForm = {
  name: "",
  values: {},
  lasting: "7d",
  until: "",
  owner: "",
  reason: "",
  violation: null,
};

const kDomain = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]*$/i;

/** As narrow as the violation: its subject, its rule, and its object where that is a domain. */
export function formOf(row: Pick<Violation, "id" | "rule" | "subject" | "object">): ExceptionForm {
  const group = row.subject.startsWith("group ") ? row.subject.slice("group ".length) : "";
  return {
    ...emptyForm,
    name: `violation-${row.id}`,
    values: {
      ...(group ? { group } : row.subject === "all" ? {} : { client: row.subject }),
      rule: row.rule,
      ...(kDomain.test(row.object) ? { domain: row.object } : {}),
    },
    violation: row.id,
  };
}

const listed = (text: string | undefined) =>
  (text ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);

/** Whether it says for whom, what, until when and why. */
export const isWhole = (form: ExceptionForm) =>
  form.name.trim() !== "" &&
  form.reason.trim() !== "" &&
  (form.lasting !== "" || form.until !== "") &&
  kWhom.some((key) => listed(form.values[key]).length > 0) &&
  kWhat.some((key) => listed(form.values[key]).length > 0);

export function bodyOf(form: ExceptionForm): NewException {
  const body: NewException = { name: form.name.trim(), reason: form.reason.trim() };
  for (const key of [...kWhom, ...kWhat]) {
    const values = listed(form.values[key]);
    if (values.length > 0) body[key] = values;
  }
  if (form.lasting) body.lasting = form.lasting;
  else body.until = form.until;
  if (form.owner.trim()) body.owner = form.owner.trim();
  if (form.violation !== null) body.violation = form.violation;
  return body;
}

export const isOver = (one: Pick<Exception, "state">) => one.state === "ended" || one.state === "removed";
