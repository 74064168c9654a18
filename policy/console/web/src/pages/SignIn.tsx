// SPDX-License-Identifier: Apache-2.0
// Name and password, then a TOTP code; on a new appliance the one-time code makes the first account.
import {
  Alert,
  Button,
  Content,
  Form,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  TextInput,
  Title,
} from "@patternfly/react-core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { api, csrf, Refusal, type Schemas, told } from "../api/client";
import { chooseLanguage, useText } from "../i18n";
import { PasswordForm } from "../parts/PasswordForm";
import { failureText } from "../parts/States";

type Step = { at: "name" } | { at: "code"; enrol: Schemas["Enrolment"] | undefined };

interface FieldProps {
  id: string;
  label: string;
  value: string;
  change: (value: string) => void;
  help?: string;
  type?: "text" | "password";
  autoComplete: string;
  numeric?: boolean;
  focus?: boolean;
}

function Field({ id, label, value, change, help, type = "text", autoComplete, numeric, focus }: FieldProps) {
  return (
    <FormGroup label={label} fieldId={id} isRequired>
      <TextInput
        id={id}
        type={type}
        value={value}
        onChange={(_, next) => change(next)}
        autoComplete={autoComplete}
        inputMode={numeric ? "numeric" : undefined}
        aria-describedby={help ? `${id}-help` : undefined}
        autoFocus={focus}
        spellCheck={false}
        autoCapitalize="none"
        isRequired
      />
      {help ? (
        <FormHelperText>
          <HelperText id={`${id}-help`}>
            <HelperTextItem>{help}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      ) : null}
    </FormGroup>
  );
}

function Enrol({ secret, uri }: Schemas["Enrolment"]) {
  const { t } = useText();
  return (
    <Alert isInline variant="info" title={t("signin.enrol.title")}>
      <p>{t("signin.enrol.body")}</p>
      <p className="mono secret" data-secret={secret}>
        {secret.replace(/(.{4})(?=.)/g, "$1 ")}
      </p>
      <p>
        <a href={uri}>{t("signin.enrol.open")}</a>
      </p>
    </Alert>
  );
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  const { t, language } = useText();
  useEffect(() => {
    document.title = `${title} · Weir`;
  }, [title]);
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <div className="row">
          <img src="/weir.svg" alt="" width="40" height="40" />
          <span className="brand-name">Weir</span>
        </div>
        <Title headingLevel="h1">{title}</Title>
        {children}
        <Button
          variant="link"
          isInline
          lang={language === "fr" ? "en" : "fr"}
          onClick={() => chooseLanguage(language === "fr" ? "en" : "fr")}
        >
          {t("signin.other_language")}
        </Button>
      </div>
    </main>
  );
}

/** After a reset, in place of every page. */
export function MustChange({ name }: { name: string }) {
  const { t } = useText();
  return (
    <Card title={t("account.must_change")}>
      <Content component="p">{t("account.must_change.body")}</Content>
      <PasswordForm name={name} />
    </Card>
  );
}

export function SignIn({ first }: { first: boolean }) {
  const { t } = useText();
  const client = useQueryClient();
  const [step, setStep] = useState<Step>({ at: "name" });
  const [once, setOnce] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");

  const send = async () => {
    const params = { header: csrf };
    if (step.at === "code") {
      const me = await told(api.POST("/session/totp", { params, body: { code: code.replace(/\s/g, "") } }));
      client.setQueryData(["session"], me);
      return;
    }
    const next = first
      ? await told(api.POST("/setup", { params, body: { code: once.trim(), name, password } }))
      : await told(api.POST("/session", { params, body: { name, password } }));
    setStep({ at: "code", enrol: next.enrol });
  };
  const words = (cause: unknown) => {
    if (!(cause instanceof Refusal)) return failureText(cause, t);
    const wait = cause.problem.retry_after_s;
    if (cause.status === 429) return t("signin.wait", { count: wait ?? 1 });
    if (cause.status === 401)
      return t(step.at === "code" ? "signin.wrong_code" : first ? "setup.wrong" : "signin.wrong");
    return failureText(cause, t);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure("");
    try {
      await send();
    } catch (cause) {
      setFailure(words(cause));
      setCode("");
    }
    setBusy(false);
  };

  const title = step.at === "code" ? t("signin.code.title") : t(first ? "setup.title" : "signin.title");
  return (
    <Card title={title}>
      {first && step.at === "name" ? <Content component="p">{t("setup.body")}</Content> : null}
      {failure ? <Alert isInline variant="danger" title={failure} role="alert" /> : null}
      {step.at === "code" && step.enrol ? <Enrol {...step.enrol} /> : null}
      <Form onSubmit={(event) => void submit(event)}>
        {step.at === "code" ? (
          <Field
            key="totp"
            id="totp"
            label={t("signin.code")}
            value={code}
            change={setCode}
            help={t("signin.code.help")}
            autoComplete="one-time-code"
            numeric
            focus
          />
        ) : (
          <>
            {first ? (
              <Field
                id="once"
                label={t("setup.code")}
                value={once}
                change={setOnce}
                help={t("setup.code.help")}
                autoComplete="off"
                focus
              />
            ) : null}
            <Field
              id="name"
              label={t("signin.name")}
              value={name}
              change={setName}
              autoComplete="username"
              focus={!first}
            />
            <Field
              id="password"
              label={t("signin.password")}
              type="password"
              value={password}
              change={setPassword}
              help={first ? t("setup.password.help") : undefined}
              autoComplete={first ? "new-password" : "current-password"}
            />
          </>
        )}
        <Button type="submit" isBlock isLoading={busy} isDisabled={busy}>
          {t(step.at === "code" ? "signin.verify" : first ? "setup.go" : "signin.go")}
        </Button>
      </Form>
    </Card>
  );
}
