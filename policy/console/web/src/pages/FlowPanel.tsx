// SPDX-License-Identifier: Apache-2.0
// Why a flow was decided as it was: rule by rule, what hit, and in words where addresses may be shown.
import {
  DrawerActions,
  DrawerCloseButton,
  DrawerHead,
  DrawerPanelBody,
  DrawerPanelContent,
  Title,
} from "@patternfly/react-core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, type Schemas, type Severity, told } from "../api/client";
import { useText } from "../i18n";
import { kSeverities, OutcomeMark, SeverityMark } from "../parts/Marks";
import { Failed, Loading } from "../parts/States";

type Explanation = Schemas["FlowExplanation"];

function Path({ path }: { path: Explanation["path"] }) {
  const { t } = useText();
  if (path.length === 0) return <p className="quiet">{t("explain.no_path")}</p>;
  return (
    <ol className="path">
      {path.map((step) => (
        <li key={`${step.section} ${step.rule} ${step.why}`} className={step.matched ? "matched" : undefined}>
          <span aria-hidden="true">{step.matched ? "✔" : "✖"}</span>{" "}
          <Link to={`/policy?find=${encodeURIComponent(step.rule)}`} className="mono">
            {step.rule || step.section}
          </Link>{" "}
          {t(step.matched ? "explain.matched" : "explain.not_matched")}
          {step.why ? <div className="quiet">{step.why}</div> : null}
        </li>
      ))}
    </ol>
  );
}

const severityOf = (name: string): Severity | undefined => kSeverities.find((known) => known === name);

function Hits({ hits }: { hits: Explanation["hits"] }) {
  const { t } = useText();
  if (hits.length === 0) return <p className="quiet">{t("explain.no_hits")}</p>;
  return (
    <ul className="plain">
      {hits.map((hit) => {
        const severity = severityOf(hit.severity);
        return (
          <li key={`${hit.rule} ${hit.object}`} className="row">
            {severity ? <SeverityMark severity={severity} /> : hit.severity}
            <OutcomeMark action={hit.would_block ? `would ${hit.action}` : hit.action} />
            <span className="mono">{hit.rule}</span>
            <span className="mono wrap">{hit.object}</span>
          </li>
        );
      })}
    </ul>
  );
}

function Explained({ data }: { data: Explanation }) {
  const { t } = useText();
  const { flow } = data;
  return (
    <div className="stack">
      <p>
        <OutcomeMark action={flow.action} /> <span className="mono">{flow.client}</span> →{" "}
        <span className="mono wrap">{flow.host || flow.server}</span> ({flow.protocol} {flow.server_port},{" "}
        {flow.app || "–"})
      </p>
      <p className="quiet">{t("explain.revision", { number: flow.revision })}</p>
      <Title headingLevel="h3">{t("explain.path")}</Title>
      <Path path={data.path} />
      <Title headingLevel="h3">{t("explain.hits")}</Title>
      <Hits hits={data.hits} />
      {data.words ? (
        <>
          <Title headingLevel="h3">{t("explain.words")}</Title>
          <pre className="words">{data.words}</pre>
        </>
      ) : (
        <p className="quiet">{t("explain.pseudonyms")}</p>
      )}
    </div>
  );
}

export function FlowPanel({ id, close }: { id: string | null; close: () => void }) {
  const { t } = useText();
  const query = useQuery({
    queryKey: ["flow", id],
    queryFn: ({ signal }) => told(api.GET("/flows/{id}", { params: { path: { id: id ?? "" } }, signal })),
    enabled: id !== null,
  });
  return (
    <DrawerPanelContent widths={{ default: "width_50" }} aria-label={t("explain.title")} data-explained={id}>
      <DrawerHead>
        <Title headingLevel="h2">{t("explain.title")}</Title>
        <span className="mono quiet">{id}</span>
        <DrawerActions>
          <DrawerCloseButton onClose={close} aria-label={t("panel.close")} />
        </DrawerActions>
      </DrawerHead>
      <DrawerPanelBody>
        {id === null ? null : query.data ? (
          <Explained data={query.data} />
        ) : query.isPending ? (
          <Loading />
        ) : (
          <Failed error={query.error} retry={() => query.refetch()} />
        )}
      </DrawerPanelBody>
    </DrawerPanelContent>
  );
}
