// SPDX-License-Identifier: Apache-2.0
// Files that leave the appliance: fetched piece by piece, so that the page says how far it is.
import { csrf, Refusal } from "./client";

export interface File {
  name: string;
  blob: Blob;
  /** What is not in it, in words. */
  missing: string[];
}

/** Bytes that are here, of so many; 0: not known. */
export type Progress = (here: number, all: number) => void;

const nameIn = (header: string | null) => /filename="([^"]+)"/.exec(header ?? "")?.[1] ?? "weir";

function missingIn(header: string | null): string[] {
  try {
    const list: unknown = JSON.parse(header ?? "[]");
    return Array.isArray(list) ? list.map(String) : [];
  } catch {
    return [];
  }
}

async function refusalOf(response: Response): Promise<Refusal> {
  const problem: unknown = await response.json().catch(() => ({}));
  return new Refusal(response.status, typeof problem === "object" && problem !== null ? problem : {});
}

async function piecesOf(response: Response, progress: Progress): Promise<Uint8Array<ArrayBuffer>[]> {
  const all = Number(response.headers.get("Content-Length")) || 0;
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let here = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    here += value.byteLength;
    progress(here, all);
  }
  return pieces;
}

/** Of an operation of the API that answers with a file. */
export async function fetchFile(
  path: string,
  body: unknown,
  progress: Progress,
  signal: AbortSignal,
): Promise<File> {
  let response: Response;
  try {
    response = await globalThis.fetch(
      new Request(new URL(`/api/v1${path}`, location.href), {
        method: "POST",
        headers: { ...csrf, "Content-Type": "application/json" },
        body: JSON.stringify(body),
        credentials: "same-origin",
        signal,
      }),
    );
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new Refusal(0, {});
  }
  if (!response.ok) throw await refusalOf(response);
  const blob = new Blob(await piecesOf(response, progress), { type: "application/octet-stream" });
  return {
    name: nameIn(response.headers.get("Content-Disposition")),
    blob,
    missing: missingIn(response.headers.get("Weir-Missing")),
  };
}

/** Gives the browser a file to keep. */
export function keepFile({ name, blob }: File) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  URL.revokeObjectURL(link.href);
}
