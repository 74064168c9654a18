// SPDX-License-Identifier: Apache-2.0
// Clients by what passed; each leads to its flows, software and violations.
import { PageSection } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { Link } from "react-router";
import { api, told } from "../api/client";
import { useText } from "../i18n";
import { bytesText, numberText } from "../lib/format";
import { firstOf, usePaged } from "../lib/paged";
import { More } from "../parts/More";
import { PageTop } from "../parts/PageTop";
import { SpanSelect, useSpan } from "../parts/SpanSelect";
import { ListOf, NothingYet } from "../parts/States";

const kRows = 100;

export function Clients() {
  const { t, language } = useText();
  const span = useSpan();
  const { last } = span;
  const query = usePaged(["clients", last], (from, signal) =>
    told(api.GET("/clients", { params: { query: { last, count: kRows, ...from } }, signal })),
  );
  const clients = firstOf(query.data?.pages.flatMap((page) => page.clients) ?? [], (one) => one.name);
  const about = (path: string, value: string) => `${path}${encodeURIComponent(value)}`;
  return (
    <>
      <PageTop title={t("nav.clients")} says={t("clients.says")}>
        <SpanSelect {...span} />
      </PageTop>
      <PageSection>
        <ListOf
          query={query}
          isEmpty={() => clients.length === 0}
          empty={<NothingYet title={t("clients.empty.title")}>{t("clients.empty.body")}</NothingYet>}
        >
          {() => (
            <Table variant="compact" aria-label={t("nav.clients")}>
              <Thead>
                <Tr>
                  <Th>{t("column.client")}</Th>
                  <Th>{t("column.flows")}</Th>
                  <Th>{t("traffic.down")}</Th>
                  <Th>{t("traffic.up")}</Th>
                  <Th screenReaderText={t("column.acts")} />
                </Tr>
              </Thead>
              <Tbody>
                {clients.map((one) => (
                  <Tr key={one.name}>
                    <Td dataLabel={t("column.client")} className="mono">
                      {one.name}
                    </Td>
                    <Td dataLabel={t("column.flows")} className="numbers">
                      <Link to={about("/flows?client=", one.name)}>{numberText(one.flows, language)}</Link>
                    </Td>
                    <Td dataLabel={t("traffic.down")} className="numbers">
                      {bytesText(one.bytes_down, language)}
                    </Td>
                    <Td dataLabel={t("traffic.up")} className="numbers">
                      {bytesText(one.bytes_up, language)}
                    </Td>
                    <Td>
                      <div className="row">
                        <Link to={about("/violations?q=subject:", one.name)}>{t("nav.violations")}</Link>
                        <Link to={about("/software?client=", one.name)}>{t("nav.software")}</Link>
                      </div>
                    </Td>
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
