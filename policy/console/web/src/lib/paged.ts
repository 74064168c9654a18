// SPDX-License-Identifier: Apache-2.0
// Lists that the API gives page by page.
import { useInfiniteQuery } from "@tanstack/react-query";

interface Page {
  next: string | null;
}
/** The part of a query that asks for a page; empty for the first. */
export type FromCursor = { cursor?: string };

interface Options {
  /** ms; false: it is asked once. */
  refetchInterval?: number | false;
}

export const usePaged = <T extends Page>(
  queryKey: readonly unknown[],
  ask: (from: FromCursor, signal: AbortSignal) => Promise<T>,
  options: Options = {},
) =>
  useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => ask(pageParam ? { cursor: pageParam } : {}, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    ...options,
  });

/** The first row of each key: a later page may have it again. */
export function firstOf<T>(rows: T[], key: (row: T) => string): T[] {
  const seen = new Set<string>();
  return rows.filter((row) => {
    const one = key(row);
    if (seen.has(one)) return false;
    seen.add(one);
    return true;
  });
}
