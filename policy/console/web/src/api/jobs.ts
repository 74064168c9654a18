// SPDX-License-Identifier: Apache-2.0
// Work that takes longer than an answer: begun, watched, cancelled. How far it is comes with the events.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, csrf, type Schemas, told } from "./client";
import { useTold } from "./events";

export type Job = Schemas["Job"];
const params = { header: csrf };
const kRefreshMs = 5_000; // where no event comes through

export const useWhatIf = () =>
  useMutation({
    mutationFn: (body: Schemas["WhatIfRequest"]) => told(api.POST("/policy/what-if", { params, body })),
  });

/** The job as it is now; null: none is asked for. */
export function useJob(id: string | null) {
  const client = useQueryClient();
  const tick = useTold().jobs.find((one) => one.id === id);
  const query = useQuery({
    queryKey: ["job", id],
    queryFn: ({ signal }) => told(api.GET("/jobs/{id}", { params: { path: { id: id ?? "" } }, signal })),
    enabled: id !== null,
    refetchInterval: (now) => (now.state.data?.state === "running" ? kRefreshMs : false),
  });
  const state = tick?.state;
  useEffect(() => {
    if (state && state !== "running") void client.invalidateQueries({ queryKey: ["job", id] });
  }, [client, id, state]);
  const job =
    query.data && tick && query.data.state === "running"
      ? { ...query.data, ...tick, state: query.data.state }
      : query.data;
  return { ...query, data: job };
}

export function useCancelJob() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => told(api.DELETE("/jobs/{id}", { params: { ...params, path: { id } } })),
    onSettled: (_, __, id) => client.invalidateQueries({ queryKey: ["job", id] }),
  });
}
