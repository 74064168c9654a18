// SPDX-License-Identifier: Apache-2.0
// What the text would have done to recorded flows, before it is put in force: a job that says how far it is.
import { Alert, Button, FormSelect, FormSelectOption, Progress } from "@patternfly/react-core";
import { useState } from "react";
import { type Job, useCancelJob, useJob, useWhatIf } from "../api/jobs";
import { useText } from "../i18n";
import { numberText } from "../lib/format";
import { Moment } from "../parts/Moment";
import { Failed, failureText } from "../parts/States";
import { WhatIfTable } from "../parts/WhatIfTable";

const kHours = { "1h": 1, "24h": 24, "7d": 168, "30d": 720 } as const;
const kSpans = ["1h", "24h", "7d", "30d"] as const;

export const percentOf = (job: Pick<Job, "done" | "of">) =>
  job.of > 0 ? Math.min(100, Math.floor((100 * job.done) / job.of)) : 0;

function Running({ job }: { job: Job }) {
  const { t, language } = useText();
  const cancel = useCancelJob();
  const left = job.left_s === null ? "" : ` · ${t("job.left", { count: Math.ceil(job.left_s) })}`;
  return (
    <div className="stack" data-job={job.state}>
      <Progress
        value={percentOf(job)}
        title={t("whatif.running")}
        aria-label={t("whatif.running")}
        helperText={`${t("flows.searched", { count: job.events, number: numberText(job.events, language) })}${left}`}
      />
      <Button
        variant="secondary"
        className="start"
        isDisabled={cancel.isPending}
        onClick={() => cancel.mutate(job.id)}
      >
        {t("dialog.cancel")}
      </Button>
    </div>
  );
}

function Ended({ job }: { job: Job }) {
  const { t } = useText();
  if (job.state === "failed") return <Alert isInline variant="danger" title={job.why} data-job="failed" />;
  if (job.state === "cancelled") return <p data-job="cancelled">{t("whatif.cancelled")}</p>;
  if (!job.result) return null;
  return (
    <div data-job="done">
      <p className="quiet">
        {job.result.since ? (
          <>
            {t("whatif.since")} <Moment at={job.result.since} />
          </>
        ) : (
          t("whatif.nothing")
        )}
      </p>
      <WhatIfTable found={job.result} />
    </div>
  );
}

interface PolicyWhatIfProps {
  text: string;
  /** It differs from what is in force, and has no mistake. */
  ready: boolean;
  /** The job is in the address: it outlives the page. */
  id: string | null;
  setId: (id: string) => void;
}

export function PolicyWhatIf({ text, ready, id, setId }: PolicyWhatIfProps) {
  const { t } = useText();
  const [span, setSpan] = useState<(typeof kSpans)[number]>("24h");
  const [judged, setJudged] = useState<string | null>(null);
  const begin = useWhatIf();
  const job = useJob(id);
  const running = job.data?.state === "running";
  const run = () =>
    begin.mutate(
      { text, hours: kHours[span] },
      {
        onSuccess: (made) => {
          setJudged(text);
          setId(made.id);
        },
      },
    );
  return (
    <div className="stack">
      <p>{t("whatif.says")}</p>
      <div className="row">
        <div className="narrow">
          <FormSelect
            aria-label={t("overview.span")}
            value={span}
            onChange={(_, next) => setSpan(kSpans.find((one) => one === next) ?? "24h")}
          >
            {kSpans.map((one) => (
              <FormSelectOption key={one} value={one} label={t(`span.${one}`)} />
            ))}
          </FormSelect>
        </div>
        <Button onClick={run} isDisabled={!ready || running || begin.isPending} isLoading={begin.isPending}>
          {t("whatif.go")}
        </Button>
        {ready ? null : <span className="quiet">{t("whatif.not_ready")}</span>}
      </div>
      {begin.error ? <Alert isInline variant="danger" title={failureText(begin.error, t)} /> : null}
      {judged !== null && judged !== text ? (
        <Alert isInline isPlain variant="warning" title={t("whatif.overtaken")} />
      ) : null}
      <div aria-live="polite">
        {job.error ? <Failed error={job.error} retry={() => job.refetch()} /> : null}
        {job.data ? running ? <Running job={job.data} /> : <Ended job={job.data} /> : null}
      </div>
    </div>
  );
}
