// SPDX-License-Identifier: Apache-2.0
// A time series: uPlot draws, a sentence sums it up for those who do not see it, and a table has the same numbers.
import { Button } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useText } from "../i18n";
import { timeText } from "../lib/format";
import { useIsDark } from "../lib/theme";

export interface Series {
  name: string;
  /** Name of a colour token of theme.css. */
  colour: string;
  dash?: number[];
  values: number[];
}

interface ChartProps {
  times: number[]; // s since 1970, ascending
  series: Series[];
  format: (value: number) => string;
  summary: string;
  height?: number; // px
}

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function optionsOf(
  width: number,
  height: number,
  series: Series[],
  format: (value: number) => string,
  language: string,
) {
  const text = token("--weir-text");
  const axis = {
    stroke: text,
    grid: { stroke: token("--weir-grid"), width: 1 },
    ticks: { show: false },
    font: "12px sans-serif",
  };
  const hour = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
  const tick = (splits: number[]) => {
    const long = (splits.at(-1) ?? 0) - (splits[0] ?? 0) > 2 * 86400;
    return splits.map((at) => (long ? day : hour).format(at * 1000));
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { points: { size: 6 } },
    scales: {
      y: { range: (_: uPlot, __: number, max: number): [number, number] => [0, Math.max(max * 1.1, 1)] },
    },
    axes: [
      { ...axis, values: (_: uPlot, splits: number[]) => tick(splits), space: 70 },
      { ...axis, values: (_: uPlot, splits: number[]) => splits.map(format), size: 84 },
    ],
    series: [
      {},
      ...series.map((one) => ({
        label: one.name,
        stroke: token(one.colour),
        width: 2,
        points: { show: false },
        ...(one.dash ? { dash: one.dash } : {}),
      })),
    ],
  } satisfies uPlot.Options;
}

function Drawing({ times, series, format, height = 220 }: Omit<ChartProps, "summary">) {
  const { language } = useText();
  const host = useRef<HTMLDivElement>(null);
  const isDark = useIsDark();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const data: uPlot.AlignedData = [times, ...series.map((one) => one.values)];
    const plot = new uPlot(optionsOf(element.clientWidth, height, series, format, language), data, element);
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [times, series, format, height, isDark, language]);
  return <div ref={host} className="chart" aria-hidden="true" />;
}

function Numbers({ times, series, format }: Omit<ChartProps, "summary">) {
  const { t, language } = useText();
  return (
    <div className="chart-table">
      <Table variant="compact" aria-label={t("chart.table")}>
        <Thead>
          <Tr>
            <Th>{t("column.time")}</Th>
            {series.map((one) => (
              <Th key={one.name}>{one.name}</Th>
            ))}
          </Tr>
        </Thead>
        <Tbody>
          {times.map((at, index) => (
            <Tr key={at}>
              <Td dataLabel={t("column.time")}>{timeText(at * 1000, language)}</Td>
              {series.map((one) => (
                <Td key={one.name} dataLabel={one.name} className="numbers">
                  {format(one.values[index] ?? 0)}
                </Td>
              ))}
            </Tr>
          ))}
        </Tbody>
      </Table>
    </div>
  );
}

export function Chart(props: ChartProps) {
  const { t } = useText();
  const [asTable, setAsTable] = useState(false);
  return (
    <figure className="figure">
      <figcaption className="row spread">
        <div className="row">
          {props.series.map((one) => (
            <span key={one.name} className="legend">
              <svg width="28" height="8" aria-hidden="true">
                <line
                  x1="0"
                  y1="4"
                  x2="28"
                  y2="4"
                  className={`stroke${one.colour}`}
                  strokeWidth="2"
                  strokeDasharray={one.dash?.join(" ")}
                />
              </svg>
              {one.name}
            </span>
          ))}
        </div>
        <Button variant="link" isInline onClick={() => setAsTable(!asTable)}>
          {t(asTable ? "chart.as_chart" : "chart.as_table")}
        </Button>
      </figcaption>
      <p className="quiet">{props.summary}</p>
      {asTable ? <Numbers {...props} /> : <Drawing {...props} />}
    </figure>
  );
}
