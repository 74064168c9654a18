// SPDX-License-Identifier: Apache-2.0
// Answers in the shape that the API's file says, made from it: what the pages get where no appliance is. For tests only.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import { parse } from "yaml";

type Schema = Record<string, unknown> & {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
};
interface Operation {
  operationId: string;
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}
interface Api {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const file = join(import.meta.dirname, "../../api/openapi.yaml");
export const api = parse(readFileSync(file, "utf-8")) as Api;

export const operationIds = Object.values(api.paths).flatMap((methods) =>
  Object.values(methods).map((operation) => operation.operationId),
);

const kTime = "2026-03-04T10:20:30Z";

/** An example of the schema; lists have `rows` rows, texts name the property they are of. */
export function example(schema: Schema, rows: number, name = "", row = 1): unknown {
  if (schema.$ref) {
    const named = schema.$ref.split("/").at(-1) ?? "";
    return example(api.components.schemas[named] ?? {}, rows, name, row);
  }
  if (schema.allOf)
    return Object.assign({}, ...schema.allOf.map((one) => example(one, rows, name, row) as object));
  if (schema.oneOf) return example(schema.oneOf[0] ?? {}, rows, name, row);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[row % schema.enum.length];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (schema.format === "date-time") return kTime;
  if (type === "object") {
    const entries = Object.entries(schema.properties ?? {});
    return Object.fromEntries(entries.map(([key, one]) => [key, example(one, rows, key, row)]));
  }
  if (type === "array")
    return Array.from({ length: rows }, (_, index) => example(schema.items ?? {}, rows, name, index + 1));
  if (type === "integer") return row;
  if (type === "boolean") return true;
  return `${name} ${row}`;
}

export interface Answer {
  status?: number;
  body: unknown;
}

/** By operationId: in place of what the file gives. */
export type Answers = Record<string, Answer | (() => Answer)>;

const find = (method: string, path: string) => {
  for (const [template, methods] of Object.entries(api.paths)) {
    const pattern = new RegExp(`^${template.replace(/\{[a-z]+\}/g, "[^/]+")}$`);
    const operation = methods[method.toLowerCase()];
    if (operation && pattern.test(path)) return operation;
  }
  return undefined;
};

export interface Call {
  id: string;
  url: URL;
  csrf: string | null;
  body: unknown;
}

/** Answers every request of the pages; gives the list of calls. */
export function answerWith(answers: Answers = {}, rows = 3): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const operation = find(request.method, url.pathname.replace("/api/v1", ""));
    if (!operation) throw new Error(`the API has no ${request.method} ${url.pathname}`);
    const text = await request.text();
    const id = operation.operationId;
    calls.push({ id, url, csrf: request.headers.get("X-CSRF"), body: text ? JSON.parse(text) : null });
    const given = answers[id];
    const answer = typeof given === "function" ? given() : given;
    const [ok, response] = Object.entries(operation.responses).find(([code]) => code.startsWith("2")) ?? [];
    const schema = response?.content?.["application/json"]?.schema;
    const status = answer?.status ?? Number(ok);
    const body = answer ? answer.body : schema ? example(schema, rows) : null;
    return new Response(status === 204 ? null : JSON.stringify(body), {
      status,
      headers: { "Content-Type": "application/json", ETag: '"1"' },
    });
  });
  return calls;
}

export const me = (operations = operationIds) => ({
  body: { name: "ada", role: "admin", operations, must_change: false, idle_minutes: 15, ends: kTime },
});

export const refused = (status: number, code: string, detail = ""): Answer => ({
  status,
  body: { type: "about:blank", title: code, status, code, detail, id: "ref-1" },
});
