// SPDX-License-Identifier: Apache-2.0
// Severity, state and outcome: a shape and a word first, a colour second.
import type { Severity, State } from "../api/client";
import { type TextKey, useText } from "../i18n";

export const kSeverities: readonly Severity[] = ["critical", "high", "medium", "low", "info"];
const kShapes: Record<Severity, string> = { critical: "⬢", high: "▲", medium: "◆", low: "●", info: "○" };

export const severityShape = (severity: Severity) => kShapes[severity];

export function SeverityMark({ severity }: { severity: Severity }) {
  const { t } = useText();
  return (
    <span className={`mark severity-${severity}`}>
      <span aria-hidden="true" className="mark-shape">
        {kShapes[severity]}
      </span>
      {t(`severity.${severity}`)}
    </span>
  );
}

export function StateMark({ state }: { state: State }) {
  const { t } = useText();
  return <span className={`state state-${state}`}>{t(`state.${state}`)}</span>;
}

/** Of a policy's action, also "would block" and names this page does not know. */
export function outcomeOf(action: string): "allowed" | "blocked" | "monitored" {
  if (action === "allow" || action === "") return "allowed";
  return action.startsWith("would") || action === "report" ? "monitored" : "blocked";
}

const kOutcomeShapes = { allowed: "✔", blocked: "⊘", monitored: "◐" } as const;
const kActions = ["allow", "report", "limit", "safe_search", "refuse", "continue", "page", "block"] as const;

export function actionText(action: string): TextKey | null {
  const bare = kActions.find((known) => known === (action || "allow"));
  return bare ? `action.${bare}` : null;
}

export function OutcomeMark({ action }: { action: string }) {
  const { t } = useText();
  const outcome = outcomeOf(action);
  const would = action.startsWith("would ") ? actionText(action.slice(6)) : null;
  const plain = actionText(action);
  const words = would ? t("action.would", { action: t(would) }) : plain ? t(plain) : action;
  return (
    <span className={`mark outcome-${outcome}`}>
      <span aria-hidden="true" className="mark-shape">
        {kOutcomeShapes[outcome]}
      </span>
      {words}
    </span>
  );
}

export function HealthMark({ ok }: { ok: boolean }) {
  const { t } = useText();
  return (
    <span className={`mark ${ok ? "health-ok" : "health-bad"}`}>
      <span aria-hidden="true" className="mark-shape">
        {ok ? "✔" : "✖"}
      </span>
      {t(ok ? "health.ok" : "health.bad")}
    </span>
  );
}
