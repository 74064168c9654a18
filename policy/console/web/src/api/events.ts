// SPDX-License-Identifier: Apache-2.0
// What the appliance tells of its own accord (Server-Sent Events). The browser reconnects and resumes by itself.
import { useEffect, useSyncExternalStore } from "react";
import type { Schemas } from "./client";

interface Told {
  newest: number; // largest id of a violation; 0: not told yet
  open: Partial<Record<Schemas["Severity"], number>>;
  tick: Schemas["StatusTick"] | null;
  jobs: Schemas["JobTick"][]; // of the account, the newest first
  connected: boolean;
}

let state: Told = { newest: 0, open: {}, tick: null, jobs: [], connected: false };
const listeners = new Set<() => void>();
function change(part: Partial<Told>) {
  state = { ...state, ...part };
  for (const tell of listeners) tell();
}

const dataOf = (event: Event): unknown => {
  try {
    return JSON.parse((event as MessageEvent<string>).data);
  } catch {
    return null;
  }
};

/** Listens as long as the component lives that calls it: the frame of the pages. */
export function useEventStream() {
  useEffect(() => {
    const source = new EventSource("/api/v1/events");
    source.addEventListener("open", () => change({ connected: true }));
    source.addEventListener("error", () => change({ connected: false }));
    source.addEventListener("violations", (event) => {
      const data = dataOf(event) as { newest?: number; open?: Told["open"] } | null;
      if (data) change({ newest: data.newest ?? 0, open: data.open ?? {} });
    });
    source.addEventListener("status", (event) => {
      const tick = dataOf(event) as Schemas["StatusTick"] | null;
      if (tick) change({ tick });
    });
    source.addEventListener("jobs", (event) => {
      const jobs = dataOf(event) as Schemas["JobTick"][] | null;
      if (jobs) change({ jobs });
    });
    return () => source.close();
  }, []);
}

const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};
export const useTold = () => useSyncExternalStore(subscribe, () => state);
