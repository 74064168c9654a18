// SPDX-License-Identifier: Apache-2.0
// What a list shows when it has no rows: that it loads, has nothing yet, found nothing, failed, or may not be seen.
import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  Skeleton,
} from "@patternfly/react-core";
import CubesIcon from "@patternfly/react-icons/dist/esm/icons/cubes-icon";
import ExclamationCircleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import LockIcon from "@patternfly/react-icons/dist/esm/icons/lock-icon";
import SearchIcon from "@patternfly/react-icons/dist/esm/icons/search-icon";
import type { ReactNode } from "react";
import { Refusal } from "../api/client";
import { type TextKey, useText } from "../i18n";

export function Loading({ rows = 6 }: { rows?: number }) {
  const { t } = useText();
  return (
    <div className="loading" aria-busy="true" data-state="loading">
      <span className="pf-v6-screen-reader" role="status">
        {t("state.loading")}
      </span>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows that are all the same
        <Skeleton key={index} height="2rem" className="loading-row" />
      ))}
    </div>
  );
}

export function Forbidden() {
  const { t } = useText();
  return (
    <EmptyState
      titleText={t("state.forbidden.title")}
      icon={LockIcon}
      headingLevel="h2"
      data-state="forbidden"
    >
      <EmptyStateBody>{t("state.forbidden.body")}</EmptyStateBody>
    </EmptyState>
  );
}

const kCauses: Partial<Record<string, TextKey>> = {
  unavailable: "error.unavailable",
  "too-many": "error.too_many",
  "not-found": "error.not_found",
  stale: "error.stale",
  internal: "error.internal",
};

/** What a failure means, in words: the appliance's own where it gave some. */
export function failureText(error: unknown, t: ReturnType<typeof useText>["t"]): string {
  if (!(error instanceof Refusal)) return String(error);
  if (error.status === 0) return t("error.unreachable");
  const cause = kCauses[error.problem.code ?? ""];
  return error.problem.detail || (cause ? t(cause) : error.problem.title || t("error.internal"));
}

export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useText();
  if (error instanceof Refusal && error.status === 403) return <Forbidden />;
  const id = error instanceof Refusal ? error.problem.id : undefined;
  return (
    <EmptyState
      titleText={t("error.title")}
      icon={ExclamationCircleIcon}
      status="danger"
      headingLevel="h2"
      data-state="error"
    >
      <EmptyStateBody>
        {failureText(error, t)}
        {id ? <div className="quiet">{t("error.id", { id })}</div> : null}
      </EmptyStateBody>
      {retry ? (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button onClick={retry}>{t("error.retry")}</Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      ) : null}
    </EmptyState>
  );
}

export function NothingYet({ title, children }: { title: string; children: ReactNode }) {
  return (
    <EmptyState titleText={title} icon={CubesIcon} headingLevel="h2" data-state="empty">
      <EmptyStateBody>{children}</EmptyStateBody>
    </EmptyState>
  );
}

export function NothingFound({ clear }: { clear: () => void }) {
  const { t } = useText();
  return (
    <EmptyState titleText={t("state.none.title")} icon={SearchIcon} headingLevel="h2" data-state="none">
      <EmptyStateBody>{t("state.none.body")}</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="link" onClick={clear}>
            {t("filter.clear")}
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

interface ListProps<T> {
  query: Asked<T>;
  isEmpty: (data: T) => boolean;
  empty: ReactNode;
  /** Takes the filter away; left out: there is none. */
  clear?: (() => void) | undefined;
  children: (data: T) => ReactNode;
}

/** Rows, or why there are none. */
export function ListOf<T>({ query, isEmpty, empty, clear, children }: ListProps<T>) {
  if (query.data === undefined)
    return query.isPending ? <Loading /> : <Failed error={query.error} retry={() => query.refetch()} />;
  if (isEmpty(query.data)) return clear ? <NothingFound clear={clear} /> : empty;
  return children(query.data);
}
