// SPDX-License-Identifier: Apache-2.0
// The parts of Weir: what each says, ports, workers, and what was dropped and what that means.

import meanings from "virtual:drop-meanings";
import { PageSection, Title } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, type Schemas, told } from "../api/client";
import { useText } from "../i18n";
import { dropsFr } from "../i18n/drops.fr";
import { numberText } from "../lib/format";
import { dropRows, exceptionRows, type PortRow, portRows, type WorkerRow, workerRows } from "../lib/status";
import { HealthMark } from "../parts/Marks";
import { PageTop } from "../parts/PageTop";
import { ProcessTable } from "../parts/ProcessTable";
import { ListOf, NothingYet } from "../parts/States";

const kRefreshMs = 5_000;

function Part({ title, none, children }: { title: string; none: string | null; children: ReactNode }) {
  return (
    <section className="stack section">
      <Title headingLevel="h2">{title}</Title>
      {none === null ? children : <p className="quiet">{none}</p>}
    </section>
  );
}

function Link({ port }: { port: PortRow }) {
  const { t, language } = useText();
  if (port.linkUp === null) return <>–</>;
  return (
    <span className={`mark ${port.linkUp ? "health-ok" : "health-bad"}`}>
      <span aria-hidden="true" className="mark-shape">
        {port.linkUp ? "▲" : "▼"}
      </span>
      {port.linkUp ? t("link.up") : t("link.down")}
      {port.linkUp && port.linkMbps > 0 ? ` ${numberText(port.linkMbps, language)} Mbit/s` : null}
    </span>
  );
}

function Ports({ ports }: { ports: PortRow[] }) {
  const { t, language } = useText();
  const sum = (port: PortRow) => port.dropped.reduce((total, [, count]) => total + count, 0);
  const columns = ["received", "transmitted", "parked"] as const;
  return (
    <Table variant="compact" aria-label={t("system.ports")}>
      <Thead>
        <Tr>
          <Th>{t("column.port")}</Th>
          <Th>{t("column.link")}</Th>
          {columns.map((column) => (
            <Th key={column}>{t(`column.${column}`)}</Th>
          ))}
          <Th>{t("column.dropped")}</Th>
          <Th>{t("column.missed")}</Th>
        </Tr>
      </Thead>
      <Tbody>
        {ports.map((port) => (
          <Tr key={port.name}>
            <Td dataLabel={t("column.port")}>
              {port.name} <span className="quiet mono">{port.device}</span>
            </Td>
            <Td dataLabel={t("column.link")}>
              <Link port={port} />
            </Td>
            {columns.map((column) => (
              <Td key={column} dataLabel={t(`column.${column}`)} className="numbers">
                {numberText(port[column], language)}
              </Td>
            ))}
            <Td dataLabel={t("column.dropped")} className="numbers">
              <a href="#drops">{numberText(sum(port), language)}</a>
            </Td>
            <Td dataLabel={t("column.missed")} className="numbers">
              {numberText(port.missed, language)}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function Workers({ workers }: { workers: WorkerRow[] }) {
  const { t, language } = useText();
  const level = (name: string) => {
    const known = (["full", "names-only", "l4", "bypass"] as const).find((one) => one === name);
    return known ? t(`level.${known}`) : name || "–";
  };
  return (
    <Table variant="compact" aria-label={t("system.workers")}>
      <Thead>
        <Tr>
          <Th>{t("column.worker")}</Th>
          <Th>{t("column.health")}</Th>
          <Th>{t("column.level")}</Th>
          <Th>{t("column.flows")}</Th>
          <Th>{t("column.parked")}</Th>
          <Th>{t("column.channel")}</Th>
          <Th>{t("column.revision")}</Th>
        </Tr>
      </Thead>
      <Tbody>
        {workers.map((one) => (
          <Tr key={one.index}>
            <Td dataLabel={t("column.worker")}>{one.index}</Td>
            <Td dataLabel={t("column.health")}>
              <HealthMark ok={one.alive} /> {one.alive ? null : t("system.stuck", { ms: one.stuckMs })}
            </Td>
            <Td dataLabel={t("column.level")}>{level(one.level)}</Td>
            <Td dataLabel={t("column.flows")} className="numbers">
              {numberText(one.flows, language)}
            </Td>
            <Td dataLabel={t("column.parked")} className="numbers">
              {numberText(one.parked, language)}
            </Td>
            <Td dataLabel={t("column.channel")}>{one.channel}</Td>
            <Td dataLabel={t("column.revision")} className="numbers">
              {one.revision}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function Drops({ rows }: { rows: [string, number][] }) {
  const { t, language } = useText();
  const means = (reason: string) =>
    (language === "fr" ? dropsFr[reason] : undefined) ?? meanings[reason] ?? "";
  return (
    <Table variant="compact" aria-label={t("system.drops")} id="drops">
      <Thead>
        <Tr>
          <Th>{t("column.reason")}</Th>
          <Th>{t("column.frames")}</Th>
          <Th width={70}>{t("column.meaning")}</Th>
        </Tr>
      </Thead>
      <Tbody>
        {rows.map(([reason, count]) => (
          <Tr key={reason}>
            <Td dataLabel={t("column.reason")} className="mono">
              {reason}
            </Td>
            <Td dataLabel={t("column.frames")} className="numbers">
              {numberText(count, language)}
            </Td>
            <Td dataLabel={t("column.meaning")} className="wrap">
              {means(reason)}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function Exceptions({ rows }: { rows: [string, string, number][] }) {
  const { t, language } = useText();
  return (
    <Table variant="compact" aria-label={t("system.exceptions")}>
      <Thead>
        <Tr>
          <Th>{t("column.reason")}</Th>
          <Th>{t("column.action")}</Th>
          <Th>{t("column.count")}</Th>
        </Tr>
      </Thead>
      <Tbody>
        {rows.map(([cause, action, count]) => (
          <Tr key={`${cause} ${action}`}>
            <Td dataLabel={t("column.reason")} className="mono">
              {cause}
            </Td>
            <Td dataLabel={t("column.action")} className="mono">
              {action}
            </Td>
            <Td dataLabel={t("column.count")} className="numbers">
              {numberText(count, language)}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function Shown({ status }: { status: Schemas["Status"] }) {
  const { t } = useText();
  const dataplane = status.dataplane as Record<string, unknown>;
  const ports = portRows(dataplane);
  const workers = workerRows(dataplane);
  const drops = dropRows(ports);
  const exceptions = exceptionRows(dataplane);
  const silent = ports.length === 0 ? t("system.no_dataplane") : null;
  return (
    <>
      <Part title={t("system.processes")} none={null}>
        <ProcessTable processes={status.processes} label={t("system.processes")} />
      </Part>
      <Part title={t("system.ports")} none={silent}>
        <Ports ports={ports} />
      </Part>
      <Part title={t("system.workers")} none={workers.length === 0 ? t("system.no_dataplane") : null}>
        <Workers workers={workers} />
      </Part>
      <Part title={t("system.drops")} none={silent ?? (drops.length === 0 ? t("system.no_drops") : null)}>
        <Drops rows={drops} />
      </Part>
      <Part
        title={t("system.exceptions")}
        none={silent ?? (exceptions.length === 0 ? t("system.no_exceptions") : null)}
      >
        <Exceptions rows={exceptions} />
      </Part>
    </>
  );
}

export function System() {
  const { t } = useText();
  const query = useQuery({
    queryKey: ["status"],
    queryFn: ({ signal }) => told(api.GET("/status", { signal })),
    refetchInterval: kRefreshMs,
  });
  return (
    <>
      <PageTop title={t("nav.system")} says={t("system.says")} />
      <PageSection>
        <ListOf
          query={query}
          isEmpty={(data) => data.processes.length === 0}
          empty={<NothingYet title={t("system.empty.title")}>{t("system.empty.body")}</NothingYet>}
        >
          {(status) => <Shown status={status} />}
        </ListOf>
      </PageSection>
    </>
  );
}
