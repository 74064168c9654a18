// SPDX-License-Identifier: Apache-2.0
// The officers' queue: filter, keys, selection, and one violation beside the list.
import { Button, Drawer, DrawerContent, DrawerContentBody, PageSection } from "@patternfly/react-core";
import { useEffect, useMemo, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import type { Violation } from "../api/client";
import { useTold } from "../api/events";
import { useMay, useMe } from "../api/session";
import { type Done, kChangeMax, useChange, useUndo, useViolations } from "../api/violations";
import { useText } from "../i18n";
import { useKeys } from "../lib/keys";
import { asked, parse } from "../lib/query";
import type { Before, Change } from "../lib/undo";
import { useTell } from "../parts/Notices";
import { PageTop } from "../parts/PageTop";
import { failureText, ListOf, NothingYet } from "../parts/States";
import { DecideDialog, RowsPreview } from "./DecideDialog";
import { FilterBar } from "./FilterBar";
import { KeysDialog } from "./KeysDialog";
import { MatchingDialog } from "./MatchingDialog";
import { QueueTable } from "./QueueTable";
import { ViolationPanel } from "./ViolationPanel";

/** Filter and open violation live in the address. */
function usePlace() {
  const [params, setParams] = useSearchParams();
  const text = params.get("q") ?? "";
  const open = Number(params.get("open")) || null;
  const set = (next: { q?: string; open?: number | null }) =>
    setParams(
      (old) => {
        const made = new URLSearchParams(old);
        if (next.q !== undefined) {
          if (next.q) made.set("q", next.q);
          else made.delete("q");
        }
        if (next.open) made.set("open", String(next.open));
        else if (next.open === null) made.delete("open");
        return made;
      },
      { replace: true },
    );
  return { text, open, set };
}

/** Does what is asked of rows, says so, and keeps what takes it back. */
function useActs() {
  const { t } = useText();
  const tell = useTell();
  const change = useChange();
  const undo = useUndo();
  const last = useRef<Done["back"]>(null);
  const takeBack = async (back: Change[]) => {
    last.current = null;
    try {
      await undo.mutateAsync(back);
      tell(t("undo.done"), { kind: "info" });
    } catch (cause) {
      tell(failureText(cause, t), { kind: "danger" });
    }
  };
  const act = async (rows: Before[], what: Omit<Change, "ids">) => {
    const ids = rows.map((row) => row.id);
    if (ids.length === 0) return;
    try {
      const { back } = await change.mutateAsync({
        rows,
        change: { ...what, ids },
        undoReason: t("undo.reason"),
      });
      last.current = back;
      tell(t(`done.${what.what}`, { count: ids.length }), back ? { undo: () => void takeBack(back) } : {});
    } catch (cause) {
      tell(failureText(cause, t), { kind: "danger" });
    }
  };
  const undoLast = () => {
    if (last.current) void takeBack(last.current);
    else tell(t("undo.nothing"), { kind: "info" });
  };
  return { act, undoLast };
}

/** Which rows are chosen, and at which the keys are. */
function useRows(rows: Violation[]) {
  const [focus, setFocus] = useState<number | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const at = Math.max(
    0,
    rows.findIndex((row) => row.id === focus),
  );
  const focused = rows[at];
  const move = (by: number) => setFocus(rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.id ?? null);
  const toggle = (id: number) =>
    setChosen((old) => {
      const next = new Set(old);
      if (!next.delete(id) && next.size < kChangeMax) next.add(id);
      return next;
    });
  const all = () =>
    setChosen((old) =>
      old.size >= rows.length ? new Set() : new Set(rows.slice(0, kChangeMax).map((row) => row.id)),
    );
  const picked = rows.filter((row) => chosen.has(row.id));
  return {
    focused,
    chosen,
    move,
    toggle,
    all,
    setFocus,
    none: () => setChosen(new Set()),
    /** The chosen rows, or else the one at which the keys are. */
    meant: picked.length > 0 ? picked : focused ? [focused] : [],
  };
}

type Dialog = "decide" | "matching" | "keys" | null;

export function Violations() {
  const { t } = useText();
  const me = useMe();
  const mayChange = useMay()("changeViolations");
  const { text, open, set } = usePlace();
  const filter = useMemo(() => parse(text), [text]);
  const wanted = useMemo(() => asked(filter, me.name), [filter, me.name]);
  const query = useViolations(wanted, filter.faults.length === 0);
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.violations) ?? [], [query.data]);
  const list = useRows(rows);
  const { act, undoLast } = useActs();
  const [dialog, setDialog] = useState<Dialog>(null);
  const [seen, setSeen] = useState(0);
  const { newest } = useTold();
  const search = useRef<HTMLInputElement>(null);

  useEffect(() => {
    setSeen((old) => Math.max(old, ...rows.map((row) => row.id)));
  }, [rows]);
  useEffect(() => {
    if (open !== null) list.setFocus(open);
  }, [open, list.setFocus]);

  const step = (by: number) => {
    const from = list.focused ? rows.indexOf(list.focused) : 0;
    list.move(by);
    const next = rows[Math.min(rows.length - 1, Math.max(0, from + by))];
    if (open !== null && next) set({ open: next.id });
  };
  const changing = (run: () => void) => () => mayChange && list.meant.length > 0 && run();
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    "]": () => step(1),
    "[": () => step(-1),
    x: () => list.focused && list.toggle(list.focused.id),
    "*": list.all,
    a: changing(() => void act(list.meant, { what: "assignee", to: me.name, reason: "" })),
    r: changing(() => void act(list.meant, { what: "state", to: "in_review", reason: t("reason.review") })),
    e: changing(() => setDialog("decide")),
    u: () => mayChange && undoLast(),
    "/": () => search.current?.focus(),
    "?": () => setDialog("keys"),
    Enter: () => list.focused && set({ open: list.focused.id }),
    Escape: () => (open !== null ? set({ open: null }) : list.none()),
  });

  const panel = (
    <ViolationPanel
      id={open}
      close={() => set({ open: null })}
      act={(row, what) => void act([row], what)}
      decide={() => setDialog("decide")}
    />
  );
  return (
    <>
      <PageTop title={t("nav.violations")}>
        <Button variant="secondary" onClick={() => setDialog("keys")} className="wide-only">
          <kbd>?</kbd> {t("keys.title")}
        </Button>
      </PageTop>
      <PageSection className="page-fill">
        <FilterBar text={text} filter={filter} change={(q) => set({ q })} input={search} />
        {newest > seen && seen > 0 ? (
          <Button variant="secondary" className="pill" onClick={() => void query.refetch()}>
            {t("queue.news")}
          </Button>
        ) : null}
        <Drawer isExpanded={open !== null} isInline className={open !== null ? "beside" : undefined}>
          <DrawerContent panelContent={panel}>
            <DrawerContentBody>
              {filter.faults.length > 0 ? null : (
                <ListOf
                  query={query}
                  isEmpty={() => rows.length === 0}
                  clear={text ? () => set({ q: "" }) : undefined}
                  empty={<NothingYet title={t("queue.empty.title")}>{t("queue.empty.body")}</NothingYet>}
                >
                  {() => (
                    <QueueTable
                      rows={rows}
                      list={list}
                      mayChange={mayChange}
                      open={(id) => set({ open: id })}
                      filterBy={(q) => set({ q })}
                      text={text}
                      decide={() => setDialog("decide")}
                      decideAll={() => setDialog("matching")}
                      take={() => void act(list.meant, { what: "assignee", to: me.name, reason: "" })}
                      more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
                    />
                  )}
                </ListOf>
              )}
            </DrawerContentBody>
          </DrawerContent>
        </Drawer>
      </PageSection>
      {dialog === "keys" ? <KeysDialog close={() => setDialog(null)} /> : null}
      {dialog === "decide" ? (
        <DecideDialog
          rows={list.meant}
          preview={<RowsPreview rows={list.meant} />}
          close={() => setDialog(null)}
          decide={(to, reason) => {
            setDialog(null);
            const meant = list.meant;
            list.none();
            if (list.chosen.size === 0) step(1);
            void act(meant, { what: "state", to, reason });
          }}
        />
      ) : null}
      {dialog === "matching" ? (
        <MatchingDialog
          query={wanted}
          close={() => setDialog(null)}
          decide={(meant, to, reason) => {
            setDialog(null);
            list.none();
            void act(meant, { what: "state", to, reason });
          }}
        />
      ) : null}
    </>
  );
}

export type QueueList = ReturnType<typeof useRows>;
