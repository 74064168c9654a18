// SPDX-License-Identifier: Apache-2.0
// What passes now, how the parts of Weir are, what waits for the officers. Every number leads to its list.
import { Alert, Card, CardBody, CardTitle, Gallery, PageSection } from "@patternfly/react-core";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { api, type Schemas, type Overview as Shown, told } from "../api/client";
import { useTold } from "../api/events";
import { useText } from "../i18n";
import { bitsPerSecondText, bytesText, numberText } from "../lib/format";
import { Chart, type Series } from "../parts/Chart";
import { kSeverities, SeverityMark } from "../parts/Marks";
import { MayLink } from "../parts/MayLink";
import { Moment } from "../parts/Moment";
import { PageTop } from "../parts/PageTop";
import { ProcessTable } from "../parts/ProcessTable";
import { SpanSelect, useSpan } from "../parts/SpanSelect";
import { Failed, Loading } from "../parts/States";

const kRefreshMs = 10_000;
const kTop = 8; // rows of a card

function Throughput({ shown }: { shown: Shown }) {
  const { t, language } = useText();
  const step = shown.traffic_step_s || 60;
  const format = useCallback((value: number) => bitsPerSecondText(value, language), [language]);
  const { times, series, peak, flows } = useMemo(() => {
    const rate = (bytes: number) => (bytes * 8) / step;
    const down = shown.traffic.map((one) => rate(one.bytes_down));
    const up = shown.traffic.map((one) => rate(one.bytes_up));
    const lines: Series[] = [
      { name: t("traffic.down"), colour: "--weir-series-1", values: down },
      { name: t("traffic.up"), colour: "--weir-series-2", dash: [6, 4], values: up },
    ];
    return {
      times: shown.traffic.map((one) => Date.parse(one.begins ?? "") / 1000),
      series: lines,
      peak: Math.max(0, ...down, ...up),
      flows: shown.traffic.reduce((sum, one) => sum + one.flows, 0),
    };
  }, [shown.traffic, step, t]);
  if (times.length === 0) return <p className="quiet">{t("traffic.none")}</p>;
  const summary = t("traffic.summary", { peak: format(peak), flows: numberText(flows, language) });
  return <Chart times={times} series={series} format={format} summary={summary} />;
}

interface TopProps {
  title: string;
  rows: Schemas["Usage"][];
  to: (name: string) => string;
  all: string;
}

function Top({ title, rows, to, all }: TopProps) {
  const { t, language } = useText();
  const most = Math.max(1, ...rows.map((row) => row.bytes_up + row.bytes_down));
  return (
    <Card isFullHeight>
      <CardTitle component="h2">
        <MayLink to={all}>{title}</MayLink>
      </CardTitle>
      <CardBody>
        {rows.length === 0 ? (
          <p className="quiet">{t("top.none")}</p>
        ) : (
          <ol className="top">
            {rows.slice(0, kTop).map((row) => (
              <li key={row.name}>
                <MayLink to={to(row.name)} className="top-name" title={row.name}>
                  {row.name || t("top.unnamed")}
                </MayLink>
                <span className="numbers">{bytesText(row.bytes_up + row.bytes_down, language)}</span>
                <meter
                  aria-hidden="true"
                  className="top-bar"
                  max={most}
                  value={row.bytes_up + row.bytes_down}
                />
              </li>
            ))}
          </ol>
        )}
      </CardBody>
    </Card>
  );
}

function Open({ counts }: { counts: Schemas["OpenCounts"] }) {
  const { t, language } = useText();
  return (
    <Card isFullHeight>
      <CardTitle component="h2">
        <MayLink to="/violations">{t("overview.open")}</MayLink>
      </CardTitle>
      <CardBody>
        <ul className="counts">
          {kSeverities.map((severity) => (
            <li key={severity}>
              <SeverityMark severity={severity} />
              <MayLink to={`/violations?q=severity:${severity}`} className="count numbers">
                {numberText(counts[severity], language)}
              </MayLink>
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  );
}

function Parts({ processes }: { processes: Schemas["Process"][] }) {
  const { t } = useText();
  return (
    <Card isFullHeight>
      <CardTitle component="h2">
        <MayLink to="/system">{t("overview.parts")}</MayLink>
      </CardTitle>
      <CardBody>
        <ProcessTable processes={processes} label={t("overview.parts")} borders={false} />
      </CardBody>
    </Card>
  );
}

function Cards({ shown, last }: { shown: Shown; last: string }) {
  const { t, language } = useText();
  const { tick } = useTold();
  const flows = tick ? tick.flows : shown.flows_now;
  const about = (key: string) => (name: string) => `/flows?${key}=${encodeURIComponent(name)}`;
  return (
    <>
      {(shown.partial ?? []).map((missing) => (
        <Alert key={missing} isInline variant="warning" title={missing} data-state="partial" />
      ))}
      <div className="cards">
        <Card className="span-2">
          <CardTitle component="h2">
            <MayLink to="/flows">{t("overview.traffic")}</MayLink>
          </CardTitle>
          <CardBody>
            <p>
              <MayLink to="/flows" className="big numbers">
                {flows === null ? "–" : numberText(flows, language)}
              </MayLink>{" "}
              {t(flows === null ? "overview.flows_unknown" : "overview.flows_now")}
            </p>
            <Throughput shown={shown} />
          </CardBody>
        </Card>
        <Open counts={shown.open_violations} />
        <div className="span-2">
          <Parts processes={shown.processes} />
        </div>
        <Top title={t("overview.rules")} rows={shown.rules} to={about("rule")} all="/violations" />
      </div>
      <Gallery hasGutter minWidths={{ default: "min(100%, 280px)" }} className="below">
        <Top title={t("overview.applications")} rows={shown.applications} to={about("app")} all="/flows" />
        <Top title={t("overview.categories")} rows={shown.categories} to={() => "/flows"} all="/flows" />
        <Top
          title={t("overview.clients")}
          rows={shown.clients}
          to={about("client")}
          all={`/clients?last=${last}`}
        />
      </Gallery>
    </>
  );
}

export function Overview() {
  const { t } = useText();
  const span = useSpan();
  const { last } = span;
  const query = useQuery({
    queryKey: ["overview", last],
    queryFn: () => told(api.GET("/overview", { params: { query: { last } } })),
    refetchInterval: kRefreshMs,
  });
  return (
    <>
      <PageTop title={t("nav.overview")}>
        {query.data ? (
          <span className="quiet">
            {t("overview.as_of")} <Moment at={query.data.at} />
          </span>
        ) : null}
        <SpanSelect {...span} />
      </PageTop>
      <PageSection>
        {query.data ? (
          <>
            {query.error ? (
              <Alert isInline variant="warning" title={t("state.stale")} data-state="stale" />
            ) : null}
            <Cards shown={query.data} last={last} />
          </>
        ) : query.isPending ? (
          <Loading />
        ) : (
          <Failed error={query.error} retry={() => query.refetch()} />
        )}
      </PageSection>
    </>
  );
}
