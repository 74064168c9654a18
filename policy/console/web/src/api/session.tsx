// SPDX-License-Identifier: Apache-2.0
// Who is logged in and what they may. The pages ask the appliance, which has the last word.
import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { api, type Me, type Operation, Refusal, told } from "./client";

const MeContext = createContext<Me | null>(null);
export const MeProvider = MeContext.Provider;

export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error("outside of a session");
  return me;
}

export function useMay(): (operation: Operation) => boolean {
  const me = useMe();
  return (operation) => me.operations.includes(operation);
}

/** null: nobody is logged in. */
export const useSession = () =>
  useQuery({
    queryKey: ["session"],
    queryFn: async (): Promise<Me | null> => {
      try {
        return await told(api.GET("/session"));
      } catch (cause) {
        if (cause instanceof Refusal && cause.status === 401) return null;
        throw cause;
      }
    },
    staleTime: 60_000,
  });
