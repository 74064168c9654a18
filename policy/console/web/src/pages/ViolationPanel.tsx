// SPDX-License-Identifier: Apache-2.0
// One violation: its story in words, facts, evidence, history, notes, whose it is, and who the subject is, for a reason.
import {
  Button,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  DrawerActions,
  DrawerCloseButton,
  DrawerHead,
  DrawerPanelBody,
  DrawerPanelContent,
  Form,
  FormGroup,
  TextArea,
  TextInput,
  Title,
} from "@patternfly/react-core";
import { type FormEvent, type ReactNode, useState } from "react";
import { Link } from "react-router";
import type { Schemas, ViolationDetail } from "../api/client";
import { useMay, useMe } from "../api/session";
import { useViolation } from "../api/violations";
import { useText } from "../i18n";
import { formOf } from "../lib/exception";
import type { Change } from "../lib/undo";
import { OutcomeMark, SeverityMark, StateMark } from "../parts/Marks";
import { Moment } from "../parts/Moment";
import { Failed, Loading } from "../parts/States";
import { ExceptionDialog } from "./ExceptionDialog";
import { ExportDialog } from "./ExportDialog";
import { RevealDialog } from "./RevealDialog";

type Act = (row: ViolationDetail, what: Omit<Change, "ids">) => void;

interface ViolationPanelProps {
  id: number | null;
  close: () => void;
  act: Act;
  decide: () => void;
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <DescriptionListGroup>
    <DescriptionListTerm>{name}</DescriptionListTerm>
    <DescriptionListDescription>{children}</DescriptionListDescription>
  </DescriptionListGroup>
);

function Facts({ row }: { row: ViolationDetail }) {
  const { t, language } = useText();
  return (
    <DescriptionList isCompact isHorizontal className="facts">
      <Fact name={t("column.state")}>
        <StateMark state={row.state} />
      </Fact>
      <Fact name={t("column.severity")}>
        <SeverityMark severity={row.severity} />
      </Fact>
      <Fact name={t("column.action")}>
        <OutcomeMark action={row.action} />
      </Fact>
      <Fact name={t("column.rule")}>
        <Link to={`/policy?find=${encodeURIComponent(row.rule)}`} className="mono">
          {row.rule}
        </Link>{" "}
        ({row.section}, {t("panel.revision", { number: row.revision })})
      </Fact>
      <Fact name={t("column.object")}>
        <span className="mono wrap">{row.object}</span>
      </Fact>
      <Fact name={t("column.count")}>{row.count.toLocaleString(language)}</Fact>
      <Fact name={t("column.first_seen")}>
        <Moment at={row.first_seen} />
      </Fact>
      <Fact name={t("column.last_seen")}>
        <Moment at={row.last_seen} />
      </Fact>
      <Fact name={t("column.due")}>{row.due ? <Moment at={row.due} /> : t("queue.no_due")}</Fact>
      {row.exception ? (
        <Fact name={t("column.exception")}>
          <Link to="/exceptions" className="mono">
            {row.exception}
          </Link>
        </Fact>
      ) : null}
      {row.follows ? (
        <Fact name={t("panel.follows")}>
          <Link to={`/violations?open=${row.follows}`}>{row.follows}</Link>
        </Fact>
      ) : null}
    </DescriptionList>
  );
}

function Evidence({ flows }: { flows: string[] }) {
  const { t } = useText();
  if (flows.length === 0) return <p className="quiet">{t("panel.no_flows")}</p>;
  return (
    <ul className="plain">
      {flows.map((flow) => (
        <li key={flow}>
          <Link to={`/flows?explain=${encodeURIComponent(flow)}`} className="mono">
            {flow}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function HistoryLine({ line }: { line: Schemas["HistoryLine"] }) {
  const { t } = useText();
  const word = (value: string) => {
    const states = ["new", "in_review", "confirmed", "justified", "false_positive", "closed"] as const;
    const state = line.what === "state" ? states.find((one) => one === value) : undefined;
    return state ? t(`state.${state}`) : value || t("queue.nobody");
  };
  const what =
    line.what === "note"
      ? t("history.note")
      : t(`history.${line.what}`, { from: word(line.from), to: word(line.to) });
  return (
    <li>
      <span className="quiet">
        <Moment at={line.at} /> · {line.who}
      </span>
      <div>{what}</div>
      {line.reason ? <blockquote className="wrap">{line.reason}</blockquote> : null}
    </li>
  );
}

function NoteForm({ row, act }: { row: ViolationDetail; act: Act }) {
  const { t } = useText();
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!text.trim()) return;
    act(row, { what: "note", reason: text.trim() });
    setText("");
  };
  return (
    <Form onSubmit={submit}>
      <FormGroup label={t("panel.note")} fieldId="note">
        <TextArea
          id="note"
          value={text}
          onChange={(_, value) => setText(value)}
          maxLength={300}
          rows={2}
          resizeOrientation="vertical"
        />
      </FormGroup>
      <Button type="submit" variant="secondary" isDisabled={!text.trim()} className="start">
        {t("panel.note.go")}
      </Button>
    </Form>
  );
}

function Assign({ row, act }: { row: ViolationDetail; act: Act }) {
  const { t } = useText();
  const me = useMe();
  const [name, setName] = useState(row.assignee);
  const give = (to: string) => act(row, { what: "assignee", to, reason: "" });
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        give(name.trim());
      }}
    >
      <FormGroup label={t("panel.assignee")} fieldId="assignee">
        <div className="row">
          <TextInput
            id="assignee"
            value={name}
            onChange={(_, value) => setName(value)}
            placeholder={t("queue.nobody")}
            className="narrow"
          />
          <Button type="submit" variant="secondary" isDisabled={name.trim() === row.assignee}>
            {t("panel.assign")}
          </Button>
          <Button variant="link" isDisabled={row.assignee === me.name} onClick={() => give(me.name)}>
            {t("panel.assign_me")}
          </Button>
        </div>
      </FormGroup>
    </Form>
  );
}

function Detail({ row, act, decide }: { row: ViolationDetail; act: Act; decide: () => void }) {
  const { t } = useText();
  const may = useMay();
  const [revealing, setRevealing] = useState(false);
  const [excepting, setExcepting] = useState(false);
  const [exporting, setExporting] = useState(false);
  const mayChange = may("changeViolations");
  return (
    <div className="stack">
      <div className="story">
        {row.story
          .split("\n")
          .filter((line) => line.trim())
          .map((line) => (
            <p key={line}>{line}</p>
          ))}
      </div>
      <div className="row">
        {mayChange && row.state !== "closed" ? <Button onClick={decide}>{t("act.decide")}</Button> : null}
        {may("addException") ? (
          <Button variant="secondary" onClick={() => setExcepting(true)}>
            {t("exceptions.from_violation")}
          </Button>
        ) : null}
        {may("reveal") ? (
          <Button variant="secondary" onClick={() => setRevealing(true)}>
            {t("reveal.open")}
          </Button>
        ) : null}
        {may("exportViolation") ? (
          <Button variant="secondary" onClick={() => setExporting(true)}>
            {t("export.open")}
          </Button>
        ) : null}
        <Link to={`/violations?q=${encodeURIComponent(`subject:${row.subject}`)}`}>
          {t("panel.same_subject")}
        </Link>
      </div>
      <Facts row={row} />
      {mayChange && row.state !== "closed" ? (
        <Assign key={`${row.id} ${row.assignee}`} row={row} act={act} />
      ) : null}
      <Title headingLevel="h3">{t("panel.evidence")}</Title>
      <Evidence flows={row.flows} />
      <Title headingLevel="h3">{t("panel.history")}</Title>
      {row.history.length === 0 ? <p className="quiet">{t("panel.no_history")}</p> : null}
      <ol className="history">
        {row.history.map((line) => (
          <HistoryLine key={`${line.at} ${line.what} ${line.to} ${line.reason}`} line={line} />
        ))}
      </ol>
      {mayChange ? <NoteForm row={row} act={act} /> : null}
      {excepting ? <ExceptionDialog first={formOf(row)} close={() => setExcepting(false)} /> : null}
      {exporting ? <ExportDialog id={row.id} close={() => setExporting(false)} /> : null}
      {revealing ? <RevealDialog pseudonym={row.subject} close={() => setRevealing(false)} /> : null}
    </div>
  );
}

export function ViolationPanel({ id, close, act, decide }: ViolationPanelProps) {
  const { t } = useText();
  const query = useViolation(id);
  return (
    <DrawerPanelContent
      widths={{ default: "width_50" }}
      aria-label={t("panel.title", { id: id ?? 0 })}
      data-panel={id}
    >
      <DrawerHead>
        <Title headingLevel="h2">{t("panel.title", { id: id ?? 0 })}</Title>
        <DrawerActions>
          <DrawerCloseButton onClose={close} aria-label={t("panel.close")} />
        </DrawerActions>
      </DrawerHead>
      <DrawerPanelBody>
        {id === null ? null : query.data ? (
          <Detail row={query.data} act={act} decide={decide} />
        ) : query.isPending ? (
          <Loading />
        ) : (
          <Failed error={query.error} retry={() => query.refetch()} />
        )}
      </DrawerPanelBody>
    </DrawerPanelContent>
  );
}
