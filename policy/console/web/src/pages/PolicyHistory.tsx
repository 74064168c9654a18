// SPDX-License-Identifier: Apache-2.0
// Revisions: who, when, why; what one would change today; back to it.
import { Button, Title } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { type Edited, useRevision, useRevisions, useRollback } from "../api/policy";
import { useMay } from "../api/session";
import { useText } from "../i18n";
import { FormDialog, ReasonField } from "../parts/FormDialog";
import { Moment } from "../parts/Moment";
import { useTell } from "../parts/Notices";
import { Failed, failureText, ListOf, Loading, NothingYet } from "../parts/States";
import { PolicyChanges } from "./PolicyChanges";

function RollbackDialog({ revision, close }: { revision: number; close: () => void }) {
  const { t } = useText();
  const tell = useTell();
  const rollback = useRollback();
  const [reason, setReason] = useState("");
  const submit = () =>
    rollback.mutate(
      { revision, reason: reason.trim() },
      {
        onSuccess: () => tell(t("history.rolled_back")),
        onError: (cause) => tell(failureText(cause, t), { kind: "danger" }),
        onSettled: close,
      },
    );
  return (
    <FormDialog
      id="rollback"
      title={t("history.back_to", { number: revision })}
      says={t("history.back_body")}
      go={t("history.back")}
      ready={reason.trim() !== ""}
      busy={rollback.isPending}
      submit={submit}
      close={close}
    >
      <ReasonField id="rollback-reason" label={t("decide.reason")} reason={reason} change={setReason} />
    </FormDialog>
  );
}

function Comparison({ policy, number }: { policy: Edited; number: number }) {
  const { t } = useText();
  const revision = useRevision(number);
  return (
    <section className="stack">
      <Title headingLevel="h2">{t("history.compared", { number })}</Title>
      {revision.data ? (
        <PolicyChanges
          before={policy.text}
          text={revision.data.text}
          label={t("diff.in_force", { number: policy.revision })}
        />
      ) : revision.isPending ? (
        <Loading />
      ) : (
        <Failed error={revision.error} />
      )}
    </section>
  );
}

export function PolicyHistory({ policy }: { policy: Edited }) {
  const { t } = useText();
  const may = useMay();
  const revisions = useRevisions();
  const [shown, setShown] = useState<number | null>(null);
  const [back, setBack] = useState<number | null>(null);
  return (
    <>
      <ListOf
        query={revisions}
        isEmpty={(data) => data.revisions.length === 0}
        empty={<NothingYet title={t("history.empty.title")}>{t("history.empty.body")}</NothingYet>}
      >
        {(data) => (
          <Table variant="compact" aria-label={t("policy.tab.history")}>
            <Thead>
              <Tr>
                <Th>{t("column.revision")}</Th>
                <Th>{t("column.time")}</Th>
                <Th>{t("column.who")}</Th>
                <Th>{t("column.state")}</Th>
                <Th width={35}>{t("column.reason")}</Th>
                <Th screenReaderText={t("column.acts")} />
              </Tr>
            </Thead>
            <Tbody>
              {data.revisions.map((one) => (
                <Tr key={one.revision} data-revision={one.revision}>
                  <Td dataLabel={t("column.revision")} className="numbers">
                    {one.revision}
                  </Td>
                  <Td dataLabel={t("column.time")}>
                    <Moment at={one.time} />
                  </Td>
                  <Td dataLabel={t("column.who")}>{one.author}</Td>
                  <Td dataLabel={t("column.state")}>{one.state}</Td>
                  <Td dataLabel={t("column.reason")} className="wrap">
                    {one.reason}
                  </Td>
                  <Td>
                    {one.revision === policy.revision ? null : (
                      <div className="row">
                        <Button variant="link" isInline onClick={() => setShown(one.revision)}>
                          {t("history.compare")}
                        </Button>
                        {may("rollbackPolicy") ? (
                          <Button variant="link" isInline onClick={() => setBack(one.revision)}>
                            {t("history.back")}
                          </Button>
                        ) : null}
                      </div>
                    )}
                  </Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </ListOf>
      {shown === null ? null : <Comparison policy={policy} number={shown} />}
      {back === null ? null : <RollbackDialog revision={back} close={() => setBack(null)} />}
    </>
  );
}
