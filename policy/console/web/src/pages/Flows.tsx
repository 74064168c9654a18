// SPDX-License-Identifier: Apache-2.0
// Flows of which an event was published: search, live with pause, and why one was decided as it was.
import {
  Alert,
  Button,
  Drawer,
  DrawerContent,
  DrawerContentBody,
  PageSection,
  TextInput,
} from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { type FormEvent, useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import { api, type Flow, told } from "../api/client";
import { type TextKey, useText } from "../i18n";
import { bytesText, numberText } from "../lib/format";
import { useKeys } from "../lib/keys";
import { firstOf, usePaged } from "../lib/paged";
import { OutcomeMark } from "../parts/Marks";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { PageTop } from "../parts/PageTop";
import { ListOf, NothingYet } from "../parts/States";
import { FlowPanel } from "./FlowPanel";

const kFields = ["client", "host", "app", "action", "rule"] as const;
type Fields = Partial<Record<(typeof kFields)[number], string>>;
const kLiveMs = 2_000;
const kRows = 100;

const kLabels: Record<(typeof kFields)[number], TextKey> = {
  client: "column.client",
  host: "column.host",
  app: "column.app",
  action: "column.action",
  rule: "column.rule",
};

const endText = (flow: Flow) =>
  flow.server.includes(":") ? `[${flow.server}]:${flow.server_port}` : `${flow.server}:${flow.server_port}`;

function FlowTable({
  flows,
  shown,
  explain,
}: {
  flows: Flow[];
  shown: string | null;
  explain: (id: string) => void;
}) {
  const { t, language } = useText();
  return (
    <Table variant="compact" aria-label={t("nav.flows")} gridBreakPoint="grid-lg" className="queue">
      <Thead>
        <Tr>
          <Th className="extra">{t("column.time")}</Th>
          <Th>{t("column.client")}</Th>
          <Th className="extra">{t("column.server")}</Th>
          <Th className="extra">{t("column.app")}</Th>
          <Th>{t("column.host")}</Th>
          <Th>{t("column.action")}</Th>
          <Th className="extra">{t("column.bytes")}</Th>
          <Th screenReaderText={t("column.acts")} />
        </Tr>
      </Thead>
      <Tbody>
        {flows.map((flow) => (
          <Tr key={flow.id} className={flow.id === shown ? "here" : undefined} data-flow={flow.id}>
            <Td dataLabel={t("column.time")} className="extra">
              <Moment at={flow.ended ?? flow.started} />
            </Td>
            <Td dataLabel={t("column.client")} className="mono">
              {flow.client} <span className="quiet">{flow.group}</span>
            </Td>
            <Td dataLabel={t("column.server")} className="mono extra">
              {endText(flow)} <span className="quiet">{flow.protocol}</span>
            </Td>
            <Td dataLabel={t("column.app")} className="extra">
              {flow.app}
            </Td>
            <Td dataLabel={t("column.host")} className="mono wrap">
              {flow.host}
            </Td>
            <Td dataLabel={t("column.action")}>
              <OutcomeMark action={flow.action} />
              <div className="quiet mono">{flow.rule}</div>
            </Td>
            <Td dataLabel={t("column.bytes")} className="numbers extra">
              {bytesText(flow.bytes_up + flow.bytes_down, language)}
            </Td>
            <Td>
              <Button variant="link" isInline onClick={() => explain(flow.id)}>
                {t("flows.explain")}
              </Button>
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function Search({ fields, change }: { fields: Fields; change: (fields: Fields) => void }) {
  const { t } = useText();
  const [typed, setTyped] = useState(fields);
  const text = JSON.stringify(fields);
  useEffect(() => setTyped(JSON.parse(text) as Fields), [text]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change(typed);
  };
  return (
    <search>
      <form className="row filter" onSubmit={submit}>
        {kFields.map((field) => (
          <TextInput
            key={field}
            value={typed[field] ?? ""}
            onChange={(_, value) => setTyped({ ...typed, [field]: value })}
            aria-label={t(kLabels[field])}
            placeholder={t(kLabels[field])}
            className="field"
            spellCheck={false}
          />
        ))}
        <Button type="submit" variant="secondary">
          {t("flows.search")}
        </Button>
        <Button variant="link" onClick={() => change({})}>
          {t("filter.clear")}
        </Button>
      </form>
    </search>
  );
}

export function Flows() {
  const { t, language } = useText();
  const [params, setParams] = useSearchParams();
  const explained = params.get("explain");
  const fields: Fields = {};
  for (const field of kFields) {
    const value = params.get(field);
    if (value) fields[field] = value;
  }
  const [live, setLive] = useState(false);
  const [over, setOver] = useState(false); // the pointer is on the rows: they stay as they are
  // Live, the newest page alone is asked for again and again.
  const query = usePaged(
    ["flows", fields, live],
    (from, signal) =>
      told(api.GET("/flows", { params: { query: { ...fields, count: kRows, ...from } }, signal })),
    { refetchInterval: live && !over ? kLiveMs : false },
  );
  const pages = query.data?.pages ?? [];
  const flows = firstOf(
    pages.flatMap((page) => page.flows),
    (flow) => flow.id,
  );
  const searched = pages.reduce((sum, page) => sum + page.searched, 0);
  const set = (next: Fields, explain: string | null) =>
    setParams({ ...next, ...(explain ? { explain } : {}) } as Record<string, string>, { replace: true });
  useKeys({ Escape: () => set(fields, null), p: () => setLive(!live) });
  return (
    <>
      <PageTop title={t("nav.flows")}>
        <span className="quiet" role="status">
          {live ? t(over ? "flows.held" : "flows.live") : null}
        </span>
        <Button variant={live ? "primary" : "secondary"} aria-pressed={live} onClick={() => setLive(!live)}>
          {t(live ? "flows.pause" : "flows.go_live")}
        </Button>
        <Button variant="secondary" onClick={() => void query.refetch()}>
          {t("flows.refresh")}
        </Button>
      </PageTop>
      <PageSection className="page-fill">
        <Search
          fields={fields}
          change={(next) => set(Object.fromEntries(Object.entries(next).filter(([, value]) => value)), null)}
        />
        {query.error && query.data ? (
          <Alert isInline variant="warning" title={t("state.stale")} data-state="stale" />
        ) : null}
        <Drawer
          isExpanded={explained !== null}
          isInline
          className={explained !== null ? "beside" : undefined}
        >
          <DrawerContent panelContent={<FlowPanel id={explained} close={() => set(fields, null)} />}>
            <DrawerContentBody>
              <ListOf
                query={query}
                isEmpty={() => flows.length === 0 && !query.hasNextPage}
                clear={Object.keys(fields).length > 0 ? () => set({}, null) : undefined}
                empty={<NothingYet title={t("flows.empty.title")}>{t("flows.empty.body")}</NothingYet>}
              >
                {() => (
                  <section
                    aria-label={t("nav.flows")}
                    onMouseEnter={() => setOver(true)}
                    onMouseLeave={() => setOver(false)}
                  >
                    <p className="quiet">
                      {t("flows.searched", {
                        count: searched,
                        number: numberText(searched, language),
                      })}
                    </p>
                    <FlowTable flows={flows} shown={explained} explain={(id) => set(fields, id)} />
                    {live ? null : (
                      <More query={query} {...(flows.length === 0 ? { words: t("flows.search_on") } : {})} />
                    )}
                  </section>
                )}
              </ListOf>
            </DrawerContentBody>
          </DrawerContent>
        </Drawer>
      </PageSection>
    </>
  );
}
