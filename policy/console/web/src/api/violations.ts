// SPDX-License-Identifier: Apache-2.0
// The queue: pages of violations, and what changes them.
import {
  type InfiniteData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import type { Asked } from "../lib/query";
import { type Before, type Change, inverse } from "../lib/undo";
import { api, csrf, type Schemas, type State, told, type Violation } from "./client";

type Pages = InfiniteData<Schemas["ViolationPage"]>;
export const kPageRows = 100;
export const kChangeMax = 5000; // ids of one request

export const useViolations = (query: Asked, enabled: boolean) =>
  useInfiniteQuery({
    queryKey: ["violations", query],
    queryFn: ({ pageParam, signal }) =>
      told(
        api.GET("/violations", {
          params: { query: { ...query, count: kPageRows, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    enabled,
  });

/** All that a filter matches, up to kChangeMax. */
export const useMatching = (query: Asked) =>
  useQuery({
    queryKey: ["violations-matching", query],
    queryFn: ({ signal }) => told(api.GET("/violations/matching", { params: { query }, signal })),
    gcTime: 0, // it is acted upon: never an old answer
  });

export const useViolation = (id: number | null) =>
  useQuery({
    queryKey: ["violation", id],
    queryFn: ({ signal }) => told(api.GET("/violations/{id}", { params: { path: { id: id ?? 0 } }, signal })),
    enabled: id !== null,
  });

const changed = (row: Violation, change: Change): Violation => {
  if (!change.ids.includes(row.id) || change.what === "note") return row;
  return change.what === "state"
    ? { ...row, state: change.to as State }
    : { ...row, assignee: change.to ?? "" };
};

export interface Done {
  change: Change;
  /** What takes it back; null: nothing does. */
  back: Change[] | null;
}

const send = (change: Change) =>
  told(api.POST("/violations/changes", { params: { header: csrf }, body: change }));

/** Rows show the change at once and are asked for again behind it. */
export function useChange() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({
      rows,
      change,
      undoReason,
    }: {
      rows: Before[];
      change: Change;
      undoReason: string;
    }) => {
      await send(change);
      return { change, back: inverse(rows, change, undoReason) } satisfies Done;
    },
    onSuccess: ({ change }) => {
      client.setQueriesData<Pages>({ queryKey: ["violations"] }, (pages) =>
        pages
          ? {
              ...pages,
              pages: pages.pages.map((page) => ({
                ...page,
                violations: page.violations.map((row) => changed(row, change)),
              })),
            }
          : pages,
      );
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["violations"] });
      void client.invalidateQueries({ queryKey: ["violation"] });
    },
  });
}

export function useUndo() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (back: Change[]) => {
      for (const change of back) await send(change);
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["violations"] });
      void client.invalidateQueries({ queryKey: ["violation"] });
    },
  });
}
