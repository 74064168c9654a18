// SPDX-License-Identifier: Apache-2.0
// What differs between two policy texts: by what they say, and line by line.
import { Alert } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useDiff } from "../api/policy";
import { PolicyCompare } from "../editor/PolicyEditor";
import { useText } from "../i18n";
import { failureText, Loading } from "../parts/States";

export function PolicyChanges({
  before,
  text,
  revision,
  label,
}: {
  before: string;
  text: string;
  revision?: number;
  label: string;
}) {
  const { t } = useText();
  const diff = useDiff(text, revision, before !== text);
  if (before === text) return <p className="quiet">{t("diff.none")}</p>;
  return (
    <div className="stack">
      {diff.isPending ? <Loading rows={2} /> : null}
      {diff.error ? <Alert isInline variant="warning" title={failureText(diff.error, t)} /> : null}
      {diff.data?.changes.length === 0 ? <p>{t("diff.same_meaning")}</p> : null}
      {diff.data && diff.data.changes.length > 0 ? (
        <Table variant="compact" aria-label={t("diff.title")}>
          <Thead>
            <Tr>
              <Th>{t("diff.change")}</Th>
              <Th>{t("diff.where")}</Th>
              <Th>{t("diff.name")}</Th>
              <Th>{t("diff.what")}</Th>
            </Tr>
          </Thead>
          <Tbody>
            {diff.data.changes.map((one) => (
              <Tr key={`${one.where} ${one.name} ${one.change} ${one.what}`}>
                <Td dataLabel={t("diff.change")}>{t(`diff.${one.change}`)}</Td>
                <Td dataLabel={t("diff.where")}>{one.where}</Td>
                <Td dataLabel={t("diff.name")} className="mono">
                  {one.name}
                </Td>
                <Td dataLabel={t("diff.what")} className="wrap">
                  {one.what}
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      ) : null}
      <PolicyCompare labels={[label, t("diff.edited")]} before={before} after={text} />
    </div>
  );
}
