// SPDX-License-Identifier: Apache-2.0
// Numbers, sizes and times as people read them. All in the language of the page; times are local, with UTC beside.

const kSteps = ["", "k", "M", "G", "T", "P"] as const;

/** 1234 -> "1.23", "k": three significant digits, SI steps of 1000. */
export function siParts(value: number): [number, string] {
  let step = 0;
  let left = value;
  while (Math.abs(left) >= 999.5 && step < kSteps.length - 1) {
    left /= 1000;
    step += 1;
  }
  return [left, kSteps[step] ?? ""];
}

const short = (value: number, language: string) =>
  new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(value);

export function bytesText(value: number, language: string): string {
  const [left, unit] = siParts(value);
  return `${short(left, language)} ${unit}B`;
}

export function bitsPerSecondText(value: number, language: string): string {
  const [left, unit] = siParts(value);
  return `${short(left, language)} ${unit}bit/s`;
}

export const numberText = (value: number, language: string) => new Intl.NumberFormat(language).format(value);

export function timeText(value: string | number | Date, language: string): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return "–";
  return new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "medium" }).format(date);
}

export const utcText = (value: string | number | Date) => {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? "" : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
};

const kAges: [number, Intl.RelativeTimeFormatUnit][] = [
  [86400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** "3 minutes ago", "in 2 days" */
export function ageText(value: string | number | Date, language: string, now = Date.now()): string {
  const seconds = (new Date(value).getTime() - now) / 1000;
  if (Number.isNaN(seconds)) return "–";
  const [size, unit] = kAges.find(([length]) => Math.abs(seconds) >= length) ?? [1, "second"];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
}

/** 75 -> "1:15" */
export function countdownText(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}
