// SPDX-License-Identifier: Apache-2.0
// Short notices in the corner, read out once; one may offer to take back what was done.
import { Alert, AlertActionCloseButton, AlertActionLink, AlertGroup } from "@patternfly/react-core";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { useText } from "../i18n";

export const kUndoMs = 10_000;

interface Notice {
  id: number;
  title: string;
  kind: "success" | "danger" | "info";
  undo?: (() => void) | undefined;
}

type Tell = (title: string, options?: { kind?: Notice["kind"]; undo?: () => void }) => void;
const TellContext = createContext<Tell>(() => undefined);
export const useTell = () => useContext(TellContext);

let last = 0;

export function Notices({ children }: { children: ReactNode }) {
  const { t } = useText();
  const [notices, setNotices] = useState<Notice[]>([]);
  const close = useCallback((id: number) => setNotices((now) => now.filter((one) => one.id !== id)), []);
  const tell = useCallback<Tell>((title, options = {}) => {
    last += 1;
    const id = last;
    setNotices((now) => [
      ...now.slice(-2),
      { id, title, kind: options.kind ?? "success", undo: options.undo },
    ]);
  }, []);
  const group = useMemo(
    () =>
      notices.map((one) => (
        <Alert
          key={one.id}
          variant={one.kind}
          title={one.title}
          timeout={one.kind === "danger" ? false : kUndoMs}
          onTimeout={() => close(one.id)}
          actionClose={<AlertActionCloseButton title={t("notice.close")} onClose={() => close(one.id)} />}
          actionLinks={
            one.undo ? (
              <AlertActionLink
                onClick={() => {
                  one.undo?.();
                  close(one.id);
                }}
              >
                {t("undo.action")}
              </AlertActionLink>
            ) : undefined
          }
        />
      )),
    [notices, close, t],
  );
  return (
    <TellContext value={tell}>
      {children}
      <AlertGroup isToast isLiveRegion aria-label={t("notice.region")}>
        {group}
      </AlertGroup>
    </TellContext>
  );
}
