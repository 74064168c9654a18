// SPDX-License-Identifier: Apache-2.0
// The API of the appliance with the types of its OpenAPI file; what is refused is thrown as a Refusal.
import createClient from "openapi-fetch";
import type { components, operations, paths } from "./schema";

export type Schemas = components["schemas"];
export type Operation = keyof operations;
export type Violation = Schemas["Violation"];
export type ViolationDetail = Schemas["ViolationDetail"];
export type Severity = Schemas["Severity"];
export type State = Schemas["State"];
export type Flow = Schemas["Flow"];
export type Overview = Schemas["Overview"];
export type Mistake = Schemas["Mistake"];
export type Me = Schemas["Me"];
export type Problem = Schemas["Problem"];

export const api = createClient<paths>({
  baseUrl: "/api/v1",
  credentials: "same-origin",
  fetch: (request) => globalThis.fetch(request),
});

/** What every request carries that is not a GET. */
export const csrf = { "X-CSRF": "1" } as const;

/** The appliance said no, or nothing (status 0). */
export class Refusal extends Error {
  readonly status: number;
  readonly problem: Partial<Problem>;

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

const sessionEnded = new Set<() => void>();
/** Called when the appliance no longer knows who asks. */
export function onSessionEnd(tell: () => void): () => void {
  sessionEnded.add(tell);
  return () => sessionEnded.delete(tell);
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

const problemOf = (error: unknown): Partial<Problem> =>
  typeof error === "object" && error !== null ? (error as Partial<Problem>) : {};

/** The answer with its headers. */
export async function answered<T>(asked: Promise<Answer<T>>): Promise<{ data: T; response: Response }> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new Refusal(0, {});
  }
  if (!answer.response.ok) {
    const refusal = new Refusal(answer.response.status, problemOf(answer.error));
    if (refusal.status === 401) for (const tell of sessionEnded) tell();
    throw refusal;
  }
  return { data: answer.data as T, response: answer.response };
}

export const told = async <T>(asked: Promise<Answer<T>>): Promise<T> => (await answered(asked)).data;
