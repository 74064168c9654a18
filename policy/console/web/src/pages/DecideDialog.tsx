// SPDX-License-Identifier: Apache-2.0
// What becomes of violations, with a look at what is meant before anything happens.
import {
  Button,
  Form,
  FormGroup,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Radio,
  TextInput,
} from "@patternfly/react-core";
import { type FormEvent, useState } from "react";
import type { State, Violation } from "../api/client";
import { useText } from "../i18n";
import { waysOn } from "../lib/undo";
import { kSeverities, SeverityMark } from "../parts/Marks";

const kReasonMax = 300; // characters, of the API

interface DecideDialogProps {
  rows: Violation[];
  close: () => void;
  decide: (to: State, reason: string) => void;
}

function Preview({ rows }: { rows: Violation[] }) {
  const { t } = useText();
  const subjects = new Set(rows.map((row) => row.subject)).size;
  return (
    <div className="preview">
      <p>
        {t("decide.violations", { count: rows.length })} · {t("decide.subjects", { count: subjects })}
      </p>
      <p className="row">
        {kSeverities
          .map((severity) => [severity, rows.filter((row) => row.severity === severity).length] as const)
          .filter(([, count]) => count > 0)
          .map(([severity, count]) => (
            <span key={severity}>
              <SeverityMark severity={severity} /> <span className="numbers">{count}</span>
            </span>
          ))}
      </p>
    </div>
  );
}

export function DecideDialog({ rows, close, decide }: DecideDialogProps) {
  const { t } = useText();
  const ways = waysOn(rows);
  const [to, setTo] = useState<State | undefined>(
    ways.find((way) => way === "closed") ?? ways.find((way) => way !== "new" && way !== "in_review"),
  );
  const [reason, setReason] = useState(t("decide.reason.default"));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (to && reason.trim()) decide(to, reason.trim());
  };
  return (
    <Modal isOpen onClose={close} variant="small" aria-labelledby="decide-title">
      <ModalHeader title={t("decide.title")} labelId="decide-title" />
      <ModalBody>
        <Preview rows={rows} />
        {ways.length === 0 ? <p>{t("decide.no_way")}</p> : null}
        <Form id="decide" onSubmit={submit}>
          <FormGroup role="radiogroup" label={t("decide.to")} fieldId="decide-to" isStack>
            {ways.map((way) => (
              <Radio
                key={way}
                id={`decide-${way}`}
                name="decide-to"
                label={t(`state.${way}`)}
                description={t(`decide.${way}`)}
                isChecked={to === way}
                onChange={() => setTo(way)}
                autoFocus={to === way}
              />
            ))}
          </FormGroup>
          <FormGroup label={t("decide.reason")} fieldId="decide-reason" isRequired>
            <TextInput
              id="decide-reason"
              value={reason}
              maxLength={kReasonMax}
              onChange={(_, value) => setReason(value)}
              isRequired
            />
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="decide" isDisabled={!to || !reason.trim()}>
          {t("decide.go", { count: rows.length })}
        </Button>
        <Button variant="link" onClick={close}>
          {t("dialog.cancel")}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
