// SPDX-License-Identifier: Apache-2.0
// Products that were seen on clients, and what each was recognised by.
import { Button, PageSection, TextInput } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { type FormEvent, useEffect, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { api, type Schemas, told } from "../api/client";
import { useText } from "../i18n";
import { numberText } from "../lib/format";
import { usePaged } from "../lib/paged";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { PageTop } from "../parts/PageTop";
import { ListOf, NothingYet } from "../parts/States";

type Row = Schemas["SoftwareList"]["software"][number];
const kRows = 100;
const kShapes: Record<Row["state"], string> = { unknown: "○", authorised: "✔", unauthorised: "▲" };

function SoftwareState({ state }: { state: Row["state"] }) {
  const { t } = useText();
  return (
    <span className={`mark software-${state}`}>
      <span aria-hidden="true" className="mark-shape">
        {kShapes[state]}
      </span>
      {t(`software.${state}`)}
    </span>
  );
}

function SoftwareTable({ rows }: { rows: Row[] }) {
  const { t, language } = useText();
  return (
    <Table variant="compact" aria-label={t("nav.software")}>
      <Thead>
        <Tr>
          <Th>{t("column.product")}</Th>
          <Th>{t("column.version")}</Th>
          <Th>{t("column.state")}</Th>
          <Th>{t("column.client")}</Th>
          <Th>{t("column.count")}</Th>
          <Th>{t("column.first_seen")}</Th>
          <Th>{t("column.last_seen")}</Th>
          <Th>{t("column.evidence")}</Th>
        </Tr>
      </Thead>
      <Tbody>
        {rows.map((row) => (
          <Tr key={`${row.client} ${row.product} ${row.version}`}>
            <Td dataLabel={t("column.product")}>{row.product}</Td>
            <Td dataLabel={t("column.version")} className="mono">
              {row.version || "–"}
            </Td>
            <Td dataLabel={t("column.state")}>
              <SoftwareState state={row.state} />
            </Td>
            <Td dataLabel={t("column.client")} className="mono">
              {row.client}
            </Td>
            <Td dataLabel={t("column.count")} className="numbers">
              {numberText(row.count, language)}
            </Td>
            <Td dataLabel={t("column.first_seen")}>
              <Moment at={row.first_seen} age />
            </Td>
            <Td dataLabel={t("column.last_seen")}>
              <Moment at={row.last_seen} age />
            </Td>
            <Td dataLabel={t("column.evidence")} className="wrap">
              {row.evidence}{" "}
              {row.flow ? (
                <Link to={`/flows?explain=${encodeURIComponent(row.flow)}`}>{t("software.flow")}</Link>
              ) : null}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

export function Software() {
  const { t } = useText();
  const [params, setParams] = useSearchParams();
  const client = params.get("client") ?? "";
  const [typed, setTyped] = useState(client);
  useEffect(() => setTyped(client), [client]);
  const query = usePaged(["software", client], (from, signal) =>
    told(
      api.GET("/software", {
        params: { query: { count: kRows, ...(client ? { client } : {}), ...from } },
        signal,
      }),
    ),
  );
  const only = (next: string) => setParams(next ? { client: next } : {}, { replace: true });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    only(typed.trim());
  };
  return (
    <>
      <PageTop title={t("nav.software")} says={t("software.says")} />
      <PageSection>
        <search>
          <form className="row filter" onSubmit={submit}>
            <TextInput
              value={typed}
              onChange={(_, value) => setTyped(value)}
              aria-label={t("column.client")}
              placeholder={t("column.client")}
              className="field"
            />
            <Button type="submit" variant="secondary">
              {t("flows.search")}
            </Button>
          </form>
        </search>
        <ListOf
          query={query}
          isEmpty={(data) => data.pages.every((page) => page.software.length === 0)}
          clear={client ? () => only("") : undefined}
          empty={<NothingYet title={t("software.empty.title")}>{t("software.empty.body")}</NothingYet>}
        >
          {(data) => <SoftwareTable rows={data.pages.flatMap((page) => page.software)} />}
        </ListOf>
        <More query={query} />
      </PageSection>
    </>
  );
}
