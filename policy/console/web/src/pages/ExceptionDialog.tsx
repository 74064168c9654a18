// SPDX-License-Identifier: Apache-2.0
// A new exception: what it will match is shown before it can be put in force.
import {
  Alert,
  Button,
  ExpandableSection,
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from "@patternfly/react-core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Refusal, type Schemas } from "../api/client";
import { useAddException, useTryException } from "../api/exceptions";
import { type TextKey, useText } from "../i18n";
import { bodyOf, type ExceptionForm, type ExceptionKey, isWhole, kLasting } from "../lib/exception";
import { ReasonField } from "../parts/FormDialog";
import { Moment } from "../parts/Moment";
import { useTell } from "../parts/Notices";
import { failureText } from "../parts/States";
import { WhatIfTable } from "../parts/WhatIfTable";

type Change = (part: Partial<ExceptionForm>) => void;

function ValuesField({ of, form, change }: { of: ExceptionKey; form: ExceptionForm; change: Change }) {
  const { t } = useText();
  const id = `exception-${of}`;
  return (
    <FormGroup label={t(`exceptions.key.${of}`)} fieldId={id}>
      <TextInput
        id={id}
        className="mono"
        value={form.values[of] ?? ""}
        onChange={(_, value) => change({ values: { ...form.values, [of]: value } })}
        autoComplete="off"
      />
    </FormGroup>
  );
}

function EndField({ form, change }: { form: ExceptionForm; change: Change }) {
  const { t } = useText();
  return (
    <FormGroup label={t("exceptions.end")} fieldId="exception-lasting" isRequired>
      <div className="row">
        <div className="narrow">
          <FormSelect
            id="exception-lasting"
            value={form.lasting}
            onChange={(_, lasting) => change({ lasting })}
          >
            {kLasting.map((one) => (
              <FormSelectOption key={one} value={one} label={t(`exceptions.lasting.${one}`)} />
            ))}
            <FormSelectOption value="" label={t("exceptions.until_day")} />
          </FormSelect>
        </div>
        {form.lasting === "" ? (
          <TextInput
            type="date"
            value={form.until}
            onChange={(_, until) => change({ until })}
            aria-label={t("exceptions.until_day")}
            className="narrow"
            isRequired
          />
        ) : null}
      </div>
    </FormGroup>
  );
}

function Trial({ trial }: { trial: Schemas["ExceptionTrial"] }) {
  const { t } = useText();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    place.current?.scrollIntoView({ block: "start" });
  }, []);
  return (
    <div ref={place}>
      <Alert
        isInline
        variant="info"
        title={t("exceptions.trial.title")}
        data-trial={trial.matches?.changed ?? ""}
      >
        <dl className="trial">
          <dt>{t("exceptions.for")}</dt>
          <dd className="mono">{trial.for}</dd>
          <dt>{t("exceptions.allows")}</dt>
          <dd className="mono">{trial.allows}</dd>
          <dt>{t("exceptions.until")}</dt>
          <dd>
            <Moment at={trial.until} />
          </dd>
        </dl>
        {trial.matches ? (
          <>
            <p>{t("exceptions.trial.matches")}</p>
            <WhatIfTable found={trial.matches} />
          </>
        ) : (
          <p data-state="partial">{t("exceptions.trial.partial", { why: trial.partial ?? "" })}</p>
        )}
      </Alert>
    </div>
  );
}

function Refused({ error }: { error: unknown }) {
  const { t } = useText();
  if (!error) return null;
  const errors = error instanceof Refusal ? (error.problem.errors ?? []) : [];
  return (
    <Alert isInline variant="danger" title={failureText(error, t)}>
      {errors.length > 0 ? (
        <ul>
          {errors.map((one) => (
            <li key={one.what}>{one.advice ? `${one.what} (${one.advice})` : one.what}</li>
          ))}
        </ul>
      ) : null}
    </Alert>
  );
}

export function ExceptionDialog({ first, close }: { first: ExceptionForm; close: () => void }) {
  const { t } = useText();
  const tell = useTell();
  const [form, setForm] = useState(first);
  const trial = useTryException();
  const add = useAddException();
  const change: Change = (part) => {
    setForm({ ...form, ...part });
    trial.reset(); // what was shown is not what would be made
    add.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isWhole(form)) return;
    if (!trial.data) return trial.mutate(bodyOf(form));
    add.mutate(bodyOf(form), {
      onSuccess: (made) => {
        tell(t("commit.done", { number: made.revision, count: made.in_force, workers: made.workers }));
        for (const words of made.warnings) tell(words, { kind: "info" });
        close();
      },
    });
  };
  const busy = trial.isPending || add.isPending;
  return (
    <Modal isOpen onClose={close} variant="medium" aria-labelledby="exception-title">
      <ModalHeader
        title={t("exceptions.new")}
        labelId="exception-title"
        description={t("exceptions.new.body")}
      />
      <ModalBody>
        <Form id="exception" onSubmit={submit}>
          <FormGroup label={t("signin.name")} fieldId="exception-name" isRequired>
            <TextInput
              id="exception-name"
              className="mono"
              value={form.name}
              onChange={(_, name) => change({ name })}
              pattern="[a-z0-9_\-]{1,64}"
              title={t("exceptions.name.help")}
              autoComplete="off"
              isRequired
              autoFocus={first.name === ""}
            />
          </FormGroup>
          <ValuesField of="client" form={form} change={change} />
          <ValuesField of="group" form={form} change={change} />
          <ValuesField of="rule" form={form} change={change} />
          <ValuesField of="domain" form={form} change={change} />
          <ExpandableSection toggleText={t("exceptions.more")}>
            <div className="stack">
              {(["mac", "app", "recipient", "product"] as const).map((key) => (
                <ValuesField key={key} of={key} form={form} change={change} />
              ))}
              <FormGroup label={t("exceptions.owner")} fieldId="exception-owner">
                <TextInput
                  id="exception-owner"
                  value={form.owner}
                  maxLength={300}
                  onChange={(_, owner) => change({ owner })}
                />
              </FormGroup>
            </div>
          </ExpandableSection>
          <EndField form={form} change={change} />
          <ReasonField
            id="exception-reason"
            label={t("decide.reason")}
            reason={form.reason}
            change={(reason) => change({ reason })}
            first={first.name !== ""}
          />
        </Form>
        <div className="below" aria-live="polite">
          <Refused error={add.error ?? trial.error} />
          {trial.data ? <Trial trial={trial.data} /> : null}
        </div>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="exception" isDisabled={!isWhole(form) || busy} isLoading={busy}>
          {t((trial.data ? "exceptions.make" : "exceptions.try") satisfies TextKey)}
        </Button>
        <Button variant="link" onClick={close}>
          {t("dialog.cancel")}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
