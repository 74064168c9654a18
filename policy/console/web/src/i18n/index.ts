// SPDX-License-Identifier: Apache-2.0
// The texts of the pages in English and French; remembered in this browser. fr.ts has a text for every key of en.ts.
import i18next from "i18next";
import { initReactI18next, useTranslation } from "react-i18next";
import { en } from "./en";
import { fr } from "./fr";

type Bare<K> = K extends `${infer Base}_one` | `${infer Base}_other` ? Base : K;
export type TextKey = Bare<keyof typeof en>;
export type Language = "en" | "fr";

const kKey = "weir.language";
const first = (): Language => {
  const kept = localStorage.getItem(kKey) ?? navigator.language;
  return kept.startsWith("fr") ? "fr" : "en";
};

export function startTexts() {
  void i18next.use(initReactI18next).init({
    lng: first(),
    fallbackLng: "en",
    resources: { en: { translation: en }, fr: { translation: fr } },
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false }, // they become text nodes, nothing else
    initAsync: false,
  });
  document.documentElement.lang = i18next.language;
}

export function chooseLanguage(language: Language) {
  localStorage.setItem(kKey, language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}

export type Text = (key: TextKey, values?: Record<string, string | number>) => string;

export function useText(): { t: Text; language: Language } {
  const { t, i18n } = useTranslation();
  return {
    t: (key, values) => t(key as string, values ?? {}) as string,
    language: i18n.language === "fr" ? "fr" : "en",
  };
}
