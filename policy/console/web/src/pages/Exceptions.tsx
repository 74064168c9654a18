// SPDX-License-Identifier: Apache-2.0
// What somebody may do until a day whatever the rules say: in force, ended and removed; for whom, by whom and why.
import { Alert, Button, FormSelect, FormSelectOption, PageSection } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { type Exception, useExceptions, useRemoveException } from "../api/exceptions";
import { useMay } from "../api/session";
import { useText } from "../i18n";
import { emptyForm, isOver } from "../lib/exception";
import { FormDialog, ReasonField } from "../parts/FormDialog";
import { MayLink } from "../parts/MayLink";
import { Moment } from "../parts/Moment";
import { useTell } from "../parts/Notices";
import { PageTop } from "../parts/PageTop";
import { failureText, ListOf, NothingYet } from "../parts/States";
import { ExceptionDialog } from "./ExceptionDialog";

const kStates = {
  "in force": ["✔", "exceptions.state.in_force", "health-ok"],
  "lifts nothing": ["▲", "exceptions.state.lifts_nothing", "outcome-blocked"],
  ended: ["○", "exceptions.state.ended", "quiet"],
  removed: ["⊘", "exceptions.state.removed", "quiet"],
} as const;

function ExceptionState({ state }: { state: Exception["state"] }) {
  const { t } = useText();
  const [shape, words, style] = kStates[state];
  return (
    <span className={`mark ${style}`}>
      <span aria-hidden="true" className="mark-shape">
        {shape}
      </span>
      {t(words)}
    </span>
  );
}

function RemoveException({ name, close }: { name: string; close: () => void }) {
  const { t } = useText();
  const tell = useTell();
  const remove = useRemoveException();
  const [reason, setReason] = useState("");
  return (
    <FormDialog
      id="exception-remove"
      title={t("exceptions.remove", { name })}
      says={t("exceptions.remove.body")}
      before={remove.error ? <Alert isInline variant="danger" title={failureText(remove.error, t)} /> : null}
      go={t("exceptions.remove", { name })}
      ready={reason.trim() !== ""}
      busy={remove.isPending}
      submit={() =>
        remove.mutate(
          { name, reason: reason.trim() },
          {
            onSuccess: (done) => {
              tell(t("commit.done", { number: done.revision, count: done.in_force, workers: done.workers }));
              close();
            },
          },
        )
      }
      close={close}
    >
      <ReasonField
        id="exception-remove-reason"
        label={t("decide.reason")}
        reason={reason}
        change={setReason}
      />
    </FormDialog>
  );
}

function ExceptionRow({ row, remove }: { row: Exception; remove: (() => void) | null }) {
  const { t } = useText();
  return (
    <Tr data-exception={row.exception}>
      <Td dataLabel={t("column.exception")} className="mono">
        {row.exception}
      </Td>
      <Td dataLabel={t("column.state")}>
        <ExceptionState state={row.state} />
        {row.state === "removed" ? (
          <div className="quiet wrap">
            {row.removed_by} · <Moment at={row.removed} />
            {row.removed_because ? ` · ${row.removed_because}` : ""}
          </div>
        ) : null}
      </Td>
      <Td dataLabel={t("exceptions.for")} className="mono">
        {row.for}
      </Td>
      <Td dataLabel={t("exceptions.allows")} className="mono">
        {row.allows}
      </Td>
      <Td dataLabel={t("exceptions.until")}>
        <Moment at={row.until} />
      </Td>
      <Td dataLabel={t("column.reason")} className="wrap">
        {row.reason}
        <div className="quiet">{t("exceptions.owned", { owner: row.owner, by: row.by })}</div>
        {row.violation === null ? null : (
          <MayLink to={`/violations?open=${row.violation}`}>
            {t("panel.title", { id: row.violation })}
          </MayLink>
        )}
      </Td>
      <Td>
        {remove ? (
          <Button variant="link" isInline isDanger onClick={remove}>
            {t("exceptions.remove", { name: row.exception })}
          </Button>
        ) : null}
      </Td>
    </Tr>
  );
}

const kShown = ["all", "held", "over"] as const;

export function Exceptions() {
  const { t } = useText();
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const shown = kShown.find((one) => one === params.get("show")) ?? "all";
  const [making, setMaking] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const query = useExceptions();
  const show = (next: string) => setParams(next === "all" ? {} : { show: next }, { replace: true });
  const rows = (query.data?.exceptions ?? []).filter(
    (one) => shown === "all" || isOver(one) === (shown === "over"),
  );
  return (
    <>
      <PageTop title={t("nav.exceptions")} says={t("exceptions.says")}>
        {may("addException") ? <Button onClick={() => setMaking(true)}>{t("exceptions.new")}…</Button> : null}
      </PageTop>
      <PageSection>
        <div className="row filter">
          <div className="narrow">
            <FormSelect value={shown} onChange={(_, next) => show(next)} aria-label={t("column.state")}>
              {kShown.map((one) => (
                <FormSelectOption key={one} value={one} label={t(`exceptions.show.${one}`)} />
              ))}
            </FormSelect>
          </div>
        </div>
        <ListOf
          query={query}
          isEmpty={() => rows.length === 0}
          clear={shown === "all" ? undefined : () => show("all")}
          empty={<NothingYet title={t("exceptions.empty.title")}>{t("exceptions.empty.body")}</NothingYet>}
        >
          {() => (
            <Table variant="compact" aria-label={t("nav.exceptions")} gridBreakPoint="grid-lg">
              <Thead>
                <Tr>
                  <Th>{t("column.exception")}</Th>
                  <Th>{t("column.state")}</Th>
                  <Th>{t("exceptions.for")}</Th>
                  <Th>{t("exceptions.allows")}</Th>
                  <Th>{t("exceptions.until")}</Th>
                  <Th>{t("column.reason")}</Th>
                  <Th screenReaderText={t("column.acts")} />
                </Tr>
              </Thead>
              <Tbody>
                {rows.map((row) => (
                  <ExceptionRow
                    key={`${row.exception} ${row.made} ${row.removed}`}
                    row={row}
                    remove={
                      may("removeException") && !row.in_policy && !isOver(row)
                        ? () => setRemoving(row.exception)
                        : null
                    }
                  />
                ))}
              </Tbody>
            </Table>
          )}
        </ListOf>
      </PageSection>
      {making ? <ExceptionDialog first={emptyForm} close={() => setMaking(false)} /> : null}
      {removing === null ? null : <RemoveException name={removing} close={() => setRemoving(null)} />}
    </>
  );
}
