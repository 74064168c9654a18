// SPDX-License-Identifier: Apache-2.0
// The policy: read, check, compare, commit, confirm, roll back.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, csrf, type Schemas, told } from "./client";

const params = { header: csrf };

export interface Edited extends NonNullable<Schemas["Policy"]> {
  /** Of this text: a commit names it, so that nobody's change is lost. */
  tag: string;
  /** When it was read, ms since 1970. */
  read: number;
}

const kPendingRefreshMs = 5_000;

export const usePolicy = () =>
  useQuery({
    queryKey: ["policy"],
    queryFn: async (): Promise<Edited> => {
      const { data, response } = await answered(api.GET("/policy"));
      return { ...data, tag: response.headers.get("ETag") ?? "", read: Date.now() };
    },
    refetchInterval: (query) => (query.state.data?.pending ? kPendingRefreshMs : false),
  });

export const useRevisions = () =>
  useQuery({ queryKey: ["policy", "revisions"], queryFn: () => told(api.GET("/policy/revisions")) });

export const useRevision = (number: number | null) =>
  useQuery({
    queryKey: ["policy", "revision", number],
    queryFn: () => told(api.GET("/policy/revisions/{number}", { params: { path: { number: number ?? 0 } } })),
    enabled: number !== null,
    staleTime: Number.POSITIVE_INFINITY, // a revision's text never changes
  });

/** What is wrong with a text; nothing changes on the appliance. */
export const useCheck = (text: string, enabled: boolean) =>
  useQuery({
    queryKey: ["policy", "check", text],
    queryFn: ({ signal }) => told(api.POST("/policy/check", { params, body: { text }, signal })),
    enabled,
    placeholderData: (old) => old,
  });

export const useDiff = (text: string, revision: number | undefined, enabled: boolean) =>
  useQuery({
    queryKey: ["policy", "diff", text, revision],
    queryFn: ({ signal }) => told(api.POST("/policy/diff", { params, body: { text, revision }, signal })),
    enabled,
  });

function useAfter() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ["policy"] });
}

export function useApply() {
  const after = useAfter();
  return useMutation({
    mutationFn: ({ tag, body }: { tag: string; body: Schemas["PolicyToApply"] }) =>
      told(api.POST("/policy", { params: { header: { ...csrf, "If-Match": tag } }, body })),
    onSettled: after,
  });
}

export function useConfirm() {
  const after = useAfter();
  return useMutation({ mutationFn: () => told(api.POST("/policy/confirm", { params })), onSettled: after });
}

export function useRollback() {
  const after = useAfter();
  return useMutation({
    mutationFn: (body: Schemas["Rollback"]) => told(api.POST("/policy/rollback", { params, body })),
    onSettled: after,
  });
}
