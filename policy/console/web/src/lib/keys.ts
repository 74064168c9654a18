// SPDX-License-Identifier: Apache-2.0
// Keys of a page: single characters work only where nobody types, and can be turned off (WCAG 2.1.4).
import { useEffect, useRef, useSyncExternalStore } from "react";

export type Keys = Partial<Record<string, () => void>>;

const kKey = "weir.keys";
const listeners = new Set<() => void>();
export const keysOn = () => localStorage.getItem(kKey) !== "off";
export function turnKeys(on: boolean) {
  localStorage.setItem(kKey, on ? "on" : "off");
  for (const tell of listeners) tell();
}
const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};
export const useKeysOn = () => useSyncExternalStore(subscribe, keysOn);

/** Whether somebody types, or a control takes the key itself. */
export function isTaken(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select")
  )
    return key !== "Escape";
  if (target.closest("[role=dialog]")) return true;
  return (
    (key === "Enter" || key === " ") && target.closest("button, a, [role=button], [role=menuitem]") !== null
  );
}

export function useKeys(keys: Keys) {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.key.length === 1 && !keysOn()) return;
      const act = latest.current[event.key];
      if (!act || isTaken(event.target, event.key)) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}
