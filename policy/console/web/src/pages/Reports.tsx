// SPDX-License-Identifier: Apache-2.0
// What happened in a day, a week or a month: made to be looked at, downloaded as PDF or CSV; and those that are kept.
import {
  Alert,
  Button,
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
  PageSection,
  TextInput,
  Title,
} from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { type FormEvent, useState } from "react";
import {
  type Download,
  type Report,
  type ReportRequest,
  useDownload,
  useReport,
  useReports,
} from "../api/reports";
import { useMay } from "../api/session";
import { useText } from "../i18n";
import { bytesText, numberText } from "../lib/format";
import { Moment } from "../parts/Moment";
import { useTell } from "../parts/Notices";
import { PageTop } from "../parts/PageTop";
import { RowsTable } from "../parts/RowsTable";
import { failureText, ListOf, NothingYet } from "../parts/States";

type Asked = Omit<ReportRequest, "format" | "table">;
const kKinds: readonly ReportRequest["kind"][] = ["daily", "weekly", "monthly"];

interface Files {
  fetch: (what: Download) => void;
  busy: boolean;
}

/** One file at a time; says what became of it. */
function useFiles(): Files {
  const { t, language } = useText();
  const tell = useTell();
  const download = useDownload();
  return {
    busy: download.isPending,
    fetch: (what) =>
      download.mutate(what, {
        onSuccess: ({ name, blob }) => tell(t("export.done", { name, size: bytesText(blob.size, language) })),
        onError: (cause) => tell(failureText(cause, t), { kind: "danger" }),
      }),
  };
}

function MakeForm({ make, busy }: { make: (asked: Asked) => void; busy: boolean }) {
  const { t, language } = useText();
  const [kind, setKind] = useState<ReportRequest["kind"]>("weekly");
  const [days, setDays] = useState({ from: "", to: "" });
  const [group, setGroup] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make({
      kind,
      language,
      ...(days.from ? { from: days.from } : {}),
      ...(days.from && days.to ? { to: days.to } : {}),
      ...(group.trim() ? { group: group.trim() } : {}),
    });
  };
  return (
    <Form onSubmit={submit}>
      <div className="row fields">
        <FormGroup label={t("reports.kind")} fieldId="report-kind">
          <FormSelect
            id="report-kind"
            value={kind}
            onChange={(_, next) => setKind(kKinds.find((one) => one === next) ?? "weekly")}
          >
            {kKinds.map((one) => (
              <FormSelectOption key={one} value={one} label={t(`reports.kind.${one}`)} />
            ))}
          </FormSelect>
        </FormGroup>
        <FormGroup label={t("reports.from")} fieldId="report-from">
          <TextInput
            id="report-from"
            type="date"
            value={days.from}
            onChange={(_, from) => setDays({ ...days, from })}
          />
        </FormGroup>
        <FormGroup label={t("reports.to")} fieldId="report-to">
          <TextInput
            id="report-to"
            type="date"
            value={days.to}
            isDisabled={!days.from}
            onChange={(_, to) => setDays({ ...days, to })}
          />
        </FormGroup>
        <FormGroup label={t("reports.group")} fieldId="report-group">
          <TextInput id="report-group" value={group} onChange={(_, next) => setGroup(next)} />
        </FormGroup>
      </div>
      <div>
        <Button type="submit" isLoading={busy} isDisabled={busy}>
          {t("reports.make")}
        </Button>
      </div>
    </Form>
  );
}

function Made({ report, asked, files }: { report: Report; asked: Asked; files: Files }) {
  const { t, language } = useText();
  const csv = (table: string) => files.fetch({ path: "/reports", body: { ...asked, format: "csv", table } });
  return (
    <section className="stack" data-report={report.first_day}>
      <div className="row spread">
        <Title headingLevel="h2">
          {report.title}: {report.first_day} – {report.last_day}
        </Title>
        <Button
          onClick={() => files.fetch({ path: "/reports", body: { ...asked, format: "pdf" } })}
          isDisabled={files.busy}
        >
          {t("reports.pdf")}
        </Button>
      </div>
      <p className="quiet">
        {report.zone}
        {report.group ? ` · ${report.group}` : ""}
      </p>
      <dl className="groups">
        {report.figures.map((one) => (
          <div key={one.title}>
            <dt>{one.title}</dt>
            <dd className="numbers">
              {one.now || "–"} {one.change ? <span className="quiet">({one.change})</span> : null}
            </dd>
          </div>
        ))}
      </dl>
      <Table variant="compact" aria-label={t("reports.tables")}>
        <Thead>
          <Tr>
            <Th>{t("reports.table")}</Th>
            <Th>{t("reports.rows")}</Th>
            <Th screenReaderText={t("column.acts")} />
          </Tr>
        </Thead>
        <Tbody>
          {report.tables.map((one) => (
            <Tr key={one.key}>
              <Td dataLabel={t("reports.table")} className="wrap">
                {one.title}
                <div className="quiet">{one.about}</div>
              </Td>
              <Td dataLabel={t("reports.rows")} className="numbers">
                {numberText(one.rows, language)}
                {one.left_out > 0 ? (
                  <span className="quiet"> {t("matching.others", { count: one.left_out })}</span>
                ) : null}
              </Td>
              <Td>
                <Button
                  variant="link"
                  isInline
                  onClick={() => csv(one.key)}
                  isDisabled={files.busy}
                  aria-label={t("reports.csv", { name: one.title })}
                >
                  CSV
                </Button>
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
    </section>
  );
}

function Kept({ files }: { files: Files }) {
  const { t, language } = useText();
  const query = useReports();
  return (
    <ListOf
      query={query}
      isEmpty={(data) => data.reports.length === 0}
      empty={<NothingYet title={t("reports.empty.title")}>{t("reports.empty.body")}</NothingYet>}
    >
      {({ reports }) => (
        <RowsTable
          label={t("reports.kept")}
          rows={reports}
          keyOf={(one) => one.name}
          columns={[
            { name: t("reports.file"), className: "mono", cell: (one) => one.name },
            { name: t("column.time"), cell: (one) => <Moment at={one.made} /> },
            { name: t("reports.size"), className: "numbers", cell: (one) => bytesText(one.bytes, language) },
          ]}
          acts={(one) => (
            <Button
              variant="link"
              isInline
              isDisabled={files.busy}
              onClick={() => files.fetch({ path: "/reports/downloads", body: { name: one.name } })}
              aria-label={t("reports.download", { name: one.name })}
            >
              {t("reports.download.short")}
            </Button>
          )}
        />
      )}
    </ListOf>
  );
}

export function Reports() {
  const { t } = useText();
  const may = useMay();
  const make = useReport();
  const files = useFiles();
  return (
    <>
      <PageTop title={t("nav.reports")} says={t("reports.says")} />
      <PageSection>
        <div className="stack">
          {may("makeReport") ? <MakeForm make={(asked) => make.mutate(asked)} busy={make.isPending} /> : null}
          {make.error ? <Alert isInline variant="danger" title={failureText(make.error, t)} /> : null}
          <div aria-live="polite">
            {make.data && make.variables ? (
              <Made report={make.data} asked={make.variables} files={files} />
            ) : null}
          </div>
          <Title headingLevel="h2">{t("reports.kept")}</Title>
          <Kept files={files} />
        </div>
      </PageSection>
    </>
  );
}
