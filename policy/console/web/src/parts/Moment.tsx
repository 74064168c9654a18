// SPDX-License-Identifier: Apache-2.0
import { useText } from "../i18n";
import { ageText, timeText, utcText } from "../lib/format";

/** A time as the browser's zone has it, or how long ago; UTC beside when pointed at. */
export function Moment({ at, age = false }: { at: string | null; age?: boolean }) {
  const { language } = useText();
  if (!at) return <>–</>;
  return (
    <time dateTime={at} title={utcText(at)} className="numbers">
      {age ? ageText(at, language) : timeText(at, language)}
    </time>
  );
}
