// SPDX-License-Identifier: Apache-2.0
// The policy in force as text: edit with mistakes in place, look at the difference, commit for a trial time, confirm.
import { Alert, Button, PageSection, Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import type { Mistake } from "../api/client";
import { type Edited, useCheck, usePolicy } from "../api/policy";
import { useMay } from "../api/session";
import { type EditorHandle, PolicyEditor } from "../editor/PolicyEditor";
import { useText } from "../i18n";
import { useSettled } from "../lib/hooks";
import { PageTop } from "../parts/PageTop";
import { Failed, failureText, Loading } from "../parts/States";
import { CommitDialog } from "./CommitDialog";
import { PendingBanner } from "./PendingBanner";
import { PolicyChanges } from "./PolicyChanges";
import { PolicyHistory } from "./PolicyHistory";
import { PolicyWhatIf } from "./PolicyWhatIf";

const kCheckAfterMs = 500; // of quiet typing
const kNone: Mistake[] = [];
const kTabs = ["edit", "diff", "whatif", "history"] as const;

interface MistakesProps {
  list: Mistake[];
  kind: "errors" | "warnings";
  goTo: (mistake: Mistake) => void;
}

function Mistakes({ list, kind, goTo }: MistakesProps) {
  const { t } = useText();
  if (list.length === 0) return null;
  return (
    <Alert
      isInline
      variant={kind === "errors" ? "danger" : "warning"}
      title={t(`policy.${kind}`, { count: list.length })}
      data-mistakes={kind}
    >
      <ol className="mistakes">
        {list.map((one) => (
          <li key={`${one.line}:${one.column} ${one.what}`}>
            <Button variant="link" isInline onClick={() => goTo(one)} className="left">
              {one.line > 0
                ? t("policy.place", { line: one.line, column: one.column })
                : t("policy.no_place")}
            </Button>{" "}
            {one.what}
            {one.advice ? <span className="quiet"> — {one.advice}</span> : null}
          </li>
        ))}
      </ol>
    </Alert>
  );
}

function Work({ policy }: { policy: Edited }) {
  const { t } = useText();
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const tab = kTabs.find((one) => one === params.get("tab")) ?? "edit";
  const [base, setBase] = useState(policy); // what the text was edited from
  const [text, setText] = useState(policy.text);
  const [version, setVersion] = useState(0); // counts texts that did not come out of the editor
  const [committing, setCommitting] = useState(false);
  const editor = useRef<EditorHandle>(null);
  const edited = text !== base.text;
  const overtaken = policy.revision !== base.revision;

  useEffect(() => {
    if (!overtaken) return;
    if (policy.text === text) setBase(policy);
    else if (!edited) {
      setBase(policy);
      setText(policy.text);
      setVersion((old) => old + 1);
    }
  }, [edited, overtaken, policy, text]);
  useEffect(() => {
    const wanted = params.get("find");
    if (wanted) editor.current?.find(wanted);
  }, [params]);
  useEffect(() => {
    if (!edited) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [edited]);

  const settled = useSettled(text, kCheckAfterMs);
  const check = useCheck(settled, may("checkPolicy"));
  const fresh = settled === text && check.data !== undefined && !check.isPlaceholderData && !check.isFetching;
  const errors = check.data?.errors ?? kNone;
  const warnings = check.data?.warnings ?? kNone;
  const goTo = (one: Mistake) => editor.current?.goTo(one.line, one.column);
  const pick = (next: string) =>
    setParams(
      (old) => {
        const job = old.get("job");
        return { tab: next, ...(job ? { job } : {}) };
      },
      { replace: true },
    );
  const take = () => {
    setBase(policy);
    setText(policy.text);
    setVersion((old) => old + 1);
  };

  return (
    <PageSection className="page-fill">
      <PendingBanner policy={policy} />
      {edited && overtaken ? (
        <Alert
          isInline
          variant="warning"
          title={t("policy.overtaken", { number: policy.revision })}
          actionLinks={
            <>
              <Button variant="link" isInline onClick={() => setBase(policy)}>
                {t("policy.keep_mine")}
              </Button>
              <Button variant="link" isInline onClick={take}>
                {t("policy.take_theirs")}
              </Button>
            </>
          }
        />
      ) : null}
      <div className="row spread">
        <p role="status" data-check={fresh ? (check.data.ok ? "ok" : "bad") : "busy"}>
          {check.error
            ? failureText(check.error, t)
            : !fresh
              ? t("policy.checking")
              : check.data.ok
                ? `✔ ${t("policy.good", { count: check.data.rules })}`
                : `✖ ${t("policy.errors", { count: errors.length })}`}
        </p>
        {may("applyPolicy") ? (
          <div className="row">
            <Button variant="link" isDisabled={!edited} onClick={take}>
              {t("policy.discard")}
            </Button>
            <Button variant="secondary" isDisabled={!edited} onClick={() => pick("diff")}>
              {t("policy.compare")}
            </Button>
            <Button variant="secondary" isDisabled={!edited} onClick={() => pick("whatif")}>
              {t("policy.tab.whatif")}
            </Button>
            <Button
              isDisabled={!edited || !fresh || !check.data.ok || overtaken || policy.pending !== null}
              onClick={() => setCommitting(true)}
            >
              {t("policy.commit")}
            </Button>
          </div>
        ) : null}
      </div>
      <Tabs activeKey={tab} onSelect={(_, key) => pick(String(key))} aria-label={t("nav.policy")}>
        {kTabs.map((one) => (
          <Tab
            key={one}
            eventKey={one}
            tabContentId="policy-tab"
            title={<TabTitleText>{t(`policy.tab.${one}`)}</TabTitleText>}
          />
        ))}
      </Tabs>
      <div className="stack below" id="policy-tab" role="tabpanel" aria-label={t(`policy.tab.${tab}`)}>
        {tab === "diff" ? (
          <PolicyChanges
            before={base.text}
            text={text}
            label={t("diff.in_force", { number: base.revision })}
          />
        ) : tab === "whatif" ? (
          <PolicyWhatIf
            text={text}
            ready={edited && fresh && check.data.ok && may("whatIf")}
            id={params.get("job")}
            setId={(job) => setParams({ tab: "whatif", job }, { replace: true })}
          />
        ) : tab === "history" ? (
          <PolicyHistory policy={policy} />
        ) : (
          <>
            <Mistakes list={errors} kind="errors" goTo={goTo} />
            <Mistakes list={warnings} kind="warnings" goTo={goTo} />
            <PolicyEditor
              key={version}
              ref={editor}
              label={t("policy.editor")}
              text={text}
              change={setText}
              readOnly={!may("applyPolicy")}
              errors={errors}
              warnings={warnings}
            />
            <p className="quiet">{t("policy.tab_key")}</p>
          </>
        )}
      </div>
      {committing ? (
        <CommitDialog
          tag={base.tag}
          text={text}
          close={() => setCommitting(false)}
          done={() => pick("edit")}
        />
      ) : null}
    </PageSection>
  );
}

export function Policy() {
  const { t } = useText();
  const policy = usePolicy();
  const says = policy.data
    ? policy.data.revision === 0
      ? t("policy.none")
      : t("policy.in_force", { number: policy.data.revision })
    : undefined;
  return (
    <>
      <PageTop title={t("nav.policy")} says={says} />
      {policy.data ? (
        <Work policy={policy.data} />
      ) : policy.isPending ? (
        <Loading />
      ) : (
        <Failed error={policy.error} retry={() => policy.refetch()} />
      )}
    </>
  );
}
