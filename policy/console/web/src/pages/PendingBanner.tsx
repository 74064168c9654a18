// SPDX-License-Identifier: Apache-2.0
// A revision on trial: how long until the one before comes back, and what ends the trial.
import { Alert, AlertActionLink } from "@patternfly/react-core";
import { type Edited, useConfirm, useRollback } from "../api/policy";
import { useMay } from "../api/session";
import { useText } from "../i18n";
import { countdownText } from "../lib/format";
import { useNow } from "../lib/hooks";
import { useTell } from "../parts/Notices";
import { failureText } from "../parts/States";

export function PendingBanner({ policy }: { policy: Edited }) {
  const { t } = useText();
  const may = useMay();
  const tell = useTell();
  const confirm = useConfirm();
  const rollback = useRollback();
  const pending = policy.pending;
  const now = useNow(1000, pending !== null);
  if (!pending) return null;
  const left = pending.left_s - Math.max(0, now - policy.read) / 1000;
  const run = (asked: Promise<unknown>, done: string) =>
    void asked.then(
      () => tell(done),
      (cause: unknown) => tell(failureText(cause, t), { kind: "danger" }),
    );
  const back = { revision: pending.back, reason: t("pending.back_reason") };
  return (
    <Alert
      isInline
      variant="warning"
      data-pending={pending.revision}
      title={t(pending.group ? "pending.canary" : "pending.title", {
        number: pending.revision,
        group: pending.group,
      })}
      actionLinks={
        <>
          {may("confirmPolicy") ? (
            <AlertActionLink
              onClick={() => run(confirm.mutateAsync(), t("pending.confirmed"))}
              isDisabled={confirm.isPending}
            >
              {t("pending.confirm")}
            </AlertActionLink>
          ) : null}
          {may("rollbackPolicy") ? (
            <AlertActionLink
              onClick={() => run(rollback.mutateAsync(back), t("history.rolled_back"))}
              isDisabled={rollback.isPending}
            >
              {t("pending.back")}
            </AlertActionLink>
          ) : null}
        </>
      }
    >
      {t("pending.left", { number: pending.back })}{" "}
      <strong className="numbers countdown">{countdownText(left)}</strong>
    </Alert>
  );
}
