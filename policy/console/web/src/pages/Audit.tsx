// SPDX-License-Identifier: Apache-2.0
// Who did what: the audit log, the newest first.
import { PageSection } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { api, told } from "../api/client";
import { useText } from "../i18n";
import { usePaged } from "../lib/paged";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { PageTop } from "../parts/PageTop";
import { ListOf, NothingYet } from "../parts/States";

const kRows = 100;

export function Audit() {
  const { t } = useText();
  const query = usePaged(["audit"], (from, signal) =>
    told(api.GET("/audit", { params: { query: { count: kRows, ...from } }, signal })),
  );
  return (
    <>
      <PageTop title={t("nav.audit")} says={t("audit.says")} />
      <PageSection>
        <ListOf
          query={query}
          isEmpty={(data) => data.pages.every((page) => page.entries.length === 0)}
          empty={<NothingYet title={t("audit.empty.title")}>{t("audit.empty.body")}</NothingYet>}
        >
          {(data) => (
            <Table variant="compact" aria-label={t("nav.audit")}>
              <Thead>
                <Tr>
                  <Th>{t("column.number")}</Th>
                  <Th>{t("column.time")}</Th>
                  <Th>{t("column.who")}</Th>
                  <Th>{t("column.verb")}</Th>
                  <Th>{t("column.object")}</Th>
                  <Th>{t("column.reason")}</Th>
                  <Th>{t("column.result")}</Th>
                </Tr>
              </Thead>
              <Tbody>
                {data.pages
                  .flatMap((page) => page.entries)
                  .map((one) => (
                    <Tr key={one.number}>
                      <Td dataLabel={t("column.number")} className="numbers">
                        {one.number}
                      </Td>
                      <Td dataLabel={t("column.time")}>
                        <Moment at={one.at} />
                      </Td>
                      <Td dataLabel={t("column.who")}>
                        {one.who} <span className="quiet">{one.origin}</span>
                      </Td>
                      <Td dataLabel={t("column.verb")}>{one.verb}</Td>
                      <Td dataLabel={t("column.object")} className="mono wrap">
                        {one.object}
                      </Td>
                      <Td dataLabel={t("column.reason")} className="wrap">
                        {one.reason}
                      </Td>
                      <Td dataLabel={t("column.result")}>{one.result}</Td>
                    </Tr>
                  ))}
              </Tbody>
            </Table>
          )}
        </ListOf>
        <More query={query} />
      </PageSection>
    </>
  );
}
