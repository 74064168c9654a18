// SPDX-License-Identifier: Apache-2.0
// What becomes of violations, with a look at what is meant before anything happens.
import { FormGroup, Radio } from "@patternfly/react-core";
import { type ReactNode, useState } from "react";
import type { State, Violation } from "../api/client";
import { useText } from "../i18n";
import { waysOn } from "../lib/undo";
import { FormDialog, ReasonField } from "../parts/FormDialog";
import { kSeverities, SeverityMark } from "../parts/Marks";

interface DecideDialogProps {
  rows: Pick<Violation, "id" | "state">[];
  /** What is meant, at a glance. */
  preview: ReactNode;
  close: () => void;
  decide: (to: State, reason: string) => void;
}

export function RowsPreview({ rows }: { rows: Violation[] }) {
  const { t } = useText();
  const subjects = new Set(rows.map((row) => row.subject)).size;
  return (
    <div className="preview">
      <p>
        {t("decide.violations", { count: rows.length })} · {t("decide.subjects", { count: subjects })}
      </p>
      <p className="row">
        {kSeverities
          .map((severity) => [severity, rows.filter((row) => row.severity === severity).length] as const)
          .filter(([, count]) => count > 0)
          .map(([severity, count]) => (
            <span key={severity}>
              <SeverityMark severity={severity} /> <span className="numbers">{count}</span>
            </span>
          ))}
      </p>
    </div>
  );
}

export function DecideDialog({ rows, preview, close, decide }: DecideDialogProps) {
  const { t } = useText();
  const ways = waysOn(rows);
  const [to, setTo] = useState<State | undefined>(
    ways.find((way) => way === "closed") ?? ways.find((way) => way !== "new" && way !== "in_review"),
  );
  const [reason, setReason] = useState(t("decide.reason.default"));
  return (
    <FormDialog
      id="decide"
      title={t("decide.title")}
      before={
        <>
          {preview}
          {ways.length === 0 ? <p>{t("decide.no_way")}</p> : null}
        </>
      }
      go={t("decide.go", { count: rows.length })}
      ready={to !== undefined && reason.trim() !== ""}
      submit={() => to && decide(to, reason.trim())}
      close={close}
    >
      <FormGroup role="radiogroup" label={t("decide.to")} fieldId="decide-to" isStack>
        {ways.map((way) => (
          <Radio
            key={way}
            id={`decide-${way}`}
            name="decide-to"
            label={t(`state.${way}`)}
            description={t(`decide.${way}`)}
            isChecked={to === way}
            onChange={() => setTo(way)}
            autoFocus={to === way}
          />
        ))}
      </FormGroup>
      <ReasonField
        id="decide-reason"
        label={t("decide.reason")}
        reason={reason}
        change={setReason}
        first={false}
      />
    </FormDialog>
  );
}
