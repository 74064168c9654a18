// SPDX-License-Identifier: Apache-2.0
// Exceptions: those that hold and those that did; what one would do, making and removing it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, csrf, type Schemas, told } from "./client";

export type Exception = Schemas["Exception"];
export type NewException = Schemas["NewException"];

const params = { header: csrf };

export const useExceptions = () =>
  useQuery({
    queryKey: ["exceptions"],
    queryFn: ({ signal }) => told(api.GET("/exceptions", { signal })),
  });

/** What it would say and would have changed; nothing changes. */
export const useTryException = () =>
  useMutation({
    mutationFn: (body: NewException) => told(api.POST("/exceptions/trial", { params, body })),
  });

function useAfter() {
  const client = useQueryClient();
  return () => {
    for (const key of ["exceptions", "policy", "violation", "violations"])
      void client.invalidateQueries({ queryKey: [key] });
  };
}

export function useAddException() {
  const after = useAfter();
  return useMutation({
    mutationFn: (body: NewException) => told(api.POST("/exceptions", { params, body })),
    onSettled: after,
  });
}

export function useRemoveException() {
  const after = useAfter();
  return useMutation({
    mutationFn: (body: Schemas["ExceptionRemoval"]) =>
      told(api.POST("/exceptions/removals", { params, body })),
    onSettled: after,
  });
}
