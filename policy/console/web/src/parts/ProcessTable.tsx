// SPDX-License-Identifier: Apache-2.0
import { Table, type TableProps, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import type { Schemas } from "../api/client";
import { useText } from "../i18n";
import { HealthMark } from "./Marks";

interface ProcessTableProps extends Pick<TableProps, "borders"> {
  processes: Schemas["Process"][];
  label: string;
}

/** The parts of Weir, whether each is well, and what it says of itself. */
export function ProcessTable({ processes, label, borders = true }: ProcessTableProps) {
  const { t } = useText();
  return (
    <Table variant="compact" borders={borders} aria-label={label}>
      <Thead>
        <Tr>
          <Th>{t("column.part")}</Th>
          <Th>{t("column.health")}</Th>
          <Th width={60}>{t("column.says")}</Th>
        </Tr>
      </Thead>
      <Tbody>
        {processes.map((one) => (
          <Tr key={one.part}>
            <Td dataLabel={t("column.part")}>{one.part}</Td>
            <Td dataLabel={t("column.health")}>
              <HealthMark ok={one.ok} />
            </Td>
            <Td dataLabel={t("column.says")} className="wrap">
              {one.says}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
