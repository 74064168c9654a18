// SPDX-License-Identifier: Apache-2.0
// What another policy would have changed of recorded flows, by rule, client and name.
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import type { Schemas } from "../api/client";
import { type TextKey, useText } from "../i18n";
import { bytesText, numberText } from "../lib/format";

type Change = Schemas["WhatIf"]["changes"][number];

/** Blocked, allowed and the rest: shape and word first. */
const kShapes: Partial<Record<Change["change"], [string, string]>> = {
  "newly blocked": ["⊘", "outcome-blocked"],
  "no longer blocked": ["✔", "outcome-allowed"],
};

function ChangeMark({ change }: { change: Change["change"] }) {
  const { t } = useText();
  const [shape, style] = kShapes[change] ?? ["◐", "outcome-monitored"];
  return (
    <span className={`mark ${style}`}>
      <span aria-hidden="true" className="mark-shape">
        {shape}
      </span>
      {t(`change.${change.replaceAll(" ", "_")}` as TextKey)}
    </span>
  );
}

function Names({ rows }: { rows: Schemas["ChangedFlows"][] }) {
  const { t, language } = useText();
  return (
    <ul className="plain">
      {rows.map((row) => (
        <li key={row.name}>
          <span className="mono">{row.name || t("top.unnamed")}</span>{" "}
          <span className="quiet numbers">{numberText(row.flows, language)}</span>
        </li>
      ))}
    </ul>
  );
}

export function WhatIfTable({ found }: { found: Schemas["WhatIf"] }) {
  const { t, language } = useText();
  return (
    <div className="stack" data-whatif={found.changed}>
      <p>
        {t("whatif.flows", { count: found.flows, number: numberText(found.flows, language) })} ·{" "}
        <strong>
          {t("whatif.changed", { count: found.changed, number: numberText(found.changed, language) })}
        </strong>
      </p>
      {found.changes.length > 0 ? (
        <Table variant="compact" aria-label={t("whatif.title")}>
          <Thead>
            <Tr>
              <Th>{t("diff.change")}</Th>
              <Th>{t("column.flows")}</Th>
              <Th>{t("column.rule")}</Th>
              <Th>{t("column.client")}</Th>
              <Th>{t("column.host")}</Th>
            </Tr>
          </Thead>
          <Tbody>
            {found.changes.map((one) => (
              <Tr key={one.change} data-change={one.change}>
                <Td dataLabel={t("diff.change")}>
                  <ChangeMark change={one.change} />
                </Td>
                <Td dataLabel={t("column.flows")} className="numbers">
                  {numberText(one.flows, language)}
                  <div className="quiet">{bytesText(one.bytes, language)}</div>
                </Td>
                <Td dataLabel={t("column.rule")}>
                  <Names rows={one.by_rule} />
                </Td>
                <Td dataLabel={t("column.client")}>
                  <Names rows={one.by_client} />
                </Td>
                <Td dataLabel={t("column.host")}>
                  <Names rows={one.by_name} />
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      ) : null}
    </div>
  );
}
