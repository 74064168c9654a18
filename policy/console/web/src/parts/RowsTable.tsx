// SPDX-License-Identifier: Apache-2.0
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import type { ReactNode } from "react";
import { useText } from "../i18n";

export interface Column<Row> {
  name: string;
  className?: string;
  cell: (row: Row) => ReactNode;
}

interface RowsTableProps<Row> {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  /** What can be done with a row, in a last column that only screen readers name. */
  acts: (row: Row) => ReactNode;
}

/** A list whose rows are cells and acts; on a narrow screen each cell says its column. */
export function RowsTable<Row>({ label, rows, columns, keyOf, acts }: RowsTableProps<Row>) {
  const { t } = useText();
  return (
    <Table variant="compact" aria-label={label}>
      <Thead>
        <Tr>
          {columns.map(({ name }) => (
            <Th key={name}>{name}</Th>
          ))}
          <Th screenReaderText={t("column.acts")} />
        </Tr>
      </Thead>
      <Tbody>
        {rows.map((row) => (
          <Tr key={keyOf(row)}>
            {columns.map(({ name, className, cell }) => (
              <Td key={name} dataLabel={name} className={className}>
                {cell(row)}
              </Td>
            ))}
            <Td>
              <div className="row">{acts(row)}</div>
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
