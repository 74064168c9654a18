// SPDX-License-Identifier: Apache-2.0
import { FormSelect, FormSelectOption } from "@patternfly/react-core";
import { useSearchParams } from "react-router";
import { useText } from "../i18n";

const kSpans = ["1h", "24h", "7d", "30d"] as const;

/** The span of time of a page, which is in its address. */
export function useSpan() {
  const [params, setParams] = useSearchParams();
  const last = kSpans.find((span) => span === params.get("last")) ?? "24h";
  return { last, choose: (span: string) => setParams({ last: span }, { replace: true }) };
}

export function SpanSelect({ last, choose }: ReturnType<typeof useSpan>) {
  const { t } = useText();
  return (
    <FormSelect
      aria-label={t("overview.span")}
      value={last}
      onChange={(_, span) => choose(span)}
      className="narrow"
    >
      {kSpans.map((span) => (
        <FormSelectOption key={span} value={span} label={t(`span.${span}`)} />
      ))}
    </FormSelect>
  );
}
