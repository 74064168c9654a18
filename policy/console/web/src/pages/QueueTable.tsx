// SPDX-License-Identifier: Apache-2.0
// Rows of the queue, and what can be done to the chosen ones.
import { Button } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useEffect, useRef } from "react";
import type { Violation } from "../api/client";
import { useText } from "../i18n";
import { numberText } from "../lib/format";
import { withWord } from "../lib/query";
import { OutcomeMark, SeverityMark, StateMark } from "../parts/Marks";
import { Moment } from "../parts/Moment";
import type { QueueList } from "./Violations";

interface QueueTableProps {
  rows: Violation[];
  list: QueueList;
  mayChange: boolean;
  text: string;
  open: (id: number) => void;
  filterBy: (text: string) => void;
  decide: () => void;
  /** About all that the filter matches, shown or not. */
  decideAll: () => void;
  take: () => void;
  more: (() => void) | undefined;
}

function Chosen({
  list,
  mayChange,
  decide,
  decideAll,
  take,
}: Pick<QueueTableProps, "list" | "mayChange" | "decide" | "decideAll" | "take">) {
  const { t } = useText();
  const none = list.chosen.size === 0;
  return (
    <div className="row chosen" role="status">
      <span className="numbers">{t("queue.chosen", { count: list.chosen.size })}</span>
      {mayChange ? (
        <>
          <Button variant="secondary" size="sm" isDisabled={none} onClick={take}>
            {t("act.take")}
          </Button>
          <Button variant="secondary" size="sm" isDisabled={none} onClick={decide}>
            {t("act.decide")}
          </Button>
          <Button variant="secondary" size="sm" onClick={decideAll}>
            {t("matching.open")}
          </Button>
        </>
      ) : null}
      <Button variant="link" size="sm" isDisabled={none} onClick={list.none}>
        {t("act.unselect")}
      </Button>
    </div>
  );
}

type RowProps = Pick<QueueTableProps, "list" | "open" | "filterBy" | "text"> & { row: Violation };

function Row({ row, list, open, filterBy, text }: RowProps) {
  const { t, language } = useText();
  const here = list.focused?.id === row.id;
  const ref = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (here) ref.current?.scrollIntoView({ block: "nearest" });
  }, [here]);
  const only = (key: "rule" | "subject", value: string) => (
    <Button variant="link" isInline className="mono" onClick={() => filterBy(withWord(text, { key, value }))}>
      {value}
    </Button>
  );
  return (
    <Tr
      ref={ref}
      className={here ? "here" : undefined}
      isRowSelected={list.chosen.has(row.id)}
      data-violation={row.id}
      aria-current={here || undefined}
      onClick={() => list.setFocus(row.id)}
    >
      <Td className="select-cell">
        <input
          type="checkbox"
          className="pick"
          checked={list.chosen.has(row.id)}
          onChange={() => list.toggle(row.id)}
          aria-label={t("queue.choose", { id: row.id })}
        />
      </Td>
      <Td dataLabel={t("column.severity")}>
        <SeverityMark severity={row.severity} />
      </Td>
      <Td dataLabel={t("column.what")} className="wrap">
        <Button variant="link" isInline onClick={() => open(row.id)} className="left">
          {row.text || row.object}
        </Button>
        <div className="quiet">
          <OutcomeMark action={row.action} /> · {only("rule", row.rule)}
        </div>
      </Td>
      <Td dataLabel={t("column.subject")} className="extra">
        {only("subject", row.subject)}
      </Td>
      <Td dataLabel={t("column.count")} className="numbers extra">
        {numberText(row.count, language)}
      </Td>
      <Td dataLabel={t("column.last_seen")} className="extra">
        <Moment at={row.last_seen} age />
      </Td>
      <Td dataLabel={t("column.state")}>
        <StateMark state={row.state} />
        <div className="quiet">{row.assignee || t("queue.nobody")}</div>
      </Td>
      <Td dataLabel={t("column.due")} className="extra">
        {row.due ? <Moment at={row.due} age /> : <span className="quiet">{t("queue.no_due")}</span>}
        {row.overdue ? <div className="overdue">▲ {t("queue.overdue")}</div> : null}
      </Td>
    </Tr>
  );
}

export function QueueTable(props: QueueTableProps) {
  const { t } = useText();
  const { rows, list, more } = props;
  return (
    <>
      <Chosen {...props} />
      <Table variant="compact" aria-label={t("nav.violations")} gridBreakPoint="grid-lg" className="queue">
        <Thead>
          <Tr>
            <Th className="select-cell">
              <input
                type="checkbox"
                className="pick"
                checked={rows.length > 0 && list.chosen.size >= rows.length}
                onChange={list.all}
                aria-label={t("queue.choose_all")}
              />
            </Th>
            <Th>{t("column.severity")}</Th>
            <Th width={30}>{t("column.what")}</Th>
            <Th className="extra">{t("column.subject")}</Th>
            <Th className="extra">{t("column.count")}</Th>
            <Th className="extra">{t("column.last_seen")}</Th>
            <Th>{t("column.state")}</Th>
            <Th className="extra">{t("column.due")}</Th>
          </Tr>
        </Thead>
        <Tbody>
          {rows.map((row) => (
            <Row key={row.id} row={row} {...props} />
          ))}
        </Tbody>
      </Table>
      {more ? (
        <Button variant="link" onClick={more}>
          {t("queue.more")}
        </Button>
      ) : null}
    </>
  );
}
