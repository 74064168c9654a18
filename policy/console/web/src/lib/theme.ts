// SPDX-License-Identifier: Apache-2.0
// Light or dark, as the system says until somebody chooses; remembered in this browser.
import { useSyncExternalStore } from "react";

export type ThemeChoice = "system" | "light" | "dark";
const kKey = "weir.theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

const readChoice = (): ThemeChoice => {
  const kept = localStorage.getItem(kKey);
  return kept === "light" || kept === "dark" ? kept : "system";
};
let choice = readChoice();

const isDark = () => choice === "dark" || (choice === "system" && dark.matches);

function apply() {
  document.documentElement.classList.toggle("pf-v6-theme-dark", isDark());
  for (const tell of listeners) tell();
}

export function startTheme() {
  dark.addEventListener("change", apply);
  apply();
}

export function chooseTheme(next: ThemeChoice) {
  choice = next;
  if (next === "system") localStorage.removeItem(kKey);
  else localStorage.setItem(kKey, next);
  apply();
}

const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};
export const useThemeChoice = () => useSyncExternalStore(subscribe, () => choice);
export const useIsDark = () => useSyncExternalStore(subscribe, isDark);
