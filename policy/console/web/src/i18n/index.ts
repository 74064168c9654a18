// SPDX-License-Identifier: Apache-2.0
// The texts of the pages in English and French; remembered in this browser. fr.ts has a text for every key of en.ts.
import i18next from "i18next";
import { initReactI18next, useTranslation } from "react-i18next";
import { en } from "./en";

type Bare<K> = K extends `${infer Base}_one` | `${infer Base}_other` ? Base : K;
export type TextKey = Bare<keyof typeof en>;
export type Language = "en" | "fr";

const kKey = "weir.language";
const first = (): Language => {
  const kept = localStorage.getItem(kKey) ?? navigator.language;
  return kept.startsWith("fr") ? "fr" : "en";
};

/** French is fetched only where it is read. */
async function change(language: Language) {
  if (language === "fr" && !i18next.hasResourceBundle("fr", "translation"))
    i18next.addResourceBundle("fr", "translation", (await import("./fr")).fr);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

export async function startTexts() {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false }, // they become text nodes, nothing else
  });
  await change(first());
}

export function chooseLanguage(language: Language) {
  localStorage.setItem(kKey, language);
  void change(language);
}

export type Text = (key: TextKey, values?: Record<string, string | number>) => string;

export function useText(): { t: Text; language: Language } {
  const { t, i18n } = useTranslation();
  return {
    t: (key, values) => t(key as string, values ?? {}) as string,
    language: i18n.language === "fr" ? "fr" : "en",
  };
}
