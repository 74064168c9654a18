// SPDX-License-Identifier: Apache-2.0
import { Alert, FormGroup, FormSelect, FormSelectOption } from "@patternfly/react-core";
import { useState } from "react";
import { Refusal } from "../api/client";
import { useApply } from "../api/policy";
import { useText } from "../i18n";
import { FormDialog, ReasonField } from "../parts/FormDialog";
import { useTell } from "../parts/Notices";
import { failureText } from "../parts/States";

const kTrials = [60, 300, 600, 0] as const; // s; 0: for good
const kTrialDefault = 300; // s

interface CommitDialogProps {
  tag: string;
  text: string;
  close: () => void;
  done: () => void;
}

export function CommitDialog({ tag, text, close, done }: CommitDialogProps) {
  const { t } = useText();
  const tell = useTell();
  const apply = useApply();
  const [reason, setReason] = useState("");
  const [trial, setTrial] = useState<number>(kTrialDefault);
  const submit = async () => {
    try {
      const made = await apply.mutateAsync({
        tag,
        body: { text, reason: reason.trim(), ...(trial > 0 ? { confirm_within_s: trial } : {}) },
      });
      tell(t("commit.done", { number: made.revision, count: made.in_force, workers: made.workers }));
      close();
      done();
    } catch {
      // shown by the dialog
    }
  };
  const stale = apply.error instanceof Refusal && apply.error.status === 412;
  return (
    <FormDialog
      id="commit"
      title={t("commit.title")}
      says={t("commit.body")}
      before={
        apply.error ? (
          <Alert isInline variant="danger" title={stale ? t("error.stale") : failureText(apply.error, t)}>
            {apply.error instanceof Refusal && apply.error.problem.errors ? (
              <ul>
                {apply.error.problem.errors.map((one) => (
                  <li key={`${one.line}:${one.column} ${one.what}`}>{one.what}</li>
                ))}
              </ul>
            ) : null}
          </Alert>
        ) : null
      }
      go={t("commit.go")}
      ready={reason.trim() !== ""}
      busy={apply.isPending}
      submit={() => void submit()}
      close={close}
    >
      <ReasonField id="commit-message" label={t("commit.message")} reason={reason} change={setReason} />
      <FormGroup label={t("commit.trial")} fieldId="commit-trial">
        <FormSelect id="commit-trial" value={trial} onChange={(_, value) => setTrial(Number(value))}>
          {kTrials.map((one) => (
            <FormSelectOption
              key={one}
              value={one}
              label={one > 0 ? t("commit.trial.minutes", { count: one / 60 }) : t("commit.trial.none")}
            />
          ))}
        </FormSelect>
      </FormGroup>
    </FormDialog>
  );
}
