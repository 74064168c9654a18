// SPDX-License-Identifier: Apache-2.0
// One's own password, changed: from the account's page, or before anything else after it was reset.
import {
  Alert,
  Button,
  Form,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  TextInput,
} from "@patternfly/react-core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, csrf, Refusal, told } from "../api/client";
import { useText } from "../i18n";
import { failureText } from "./States";

interface PasswordFormProps {
  name: string;
  done?: () => void;
}

export function PasswordForm({ name, done }: PasswordFormProps) {
  const { t } = useText();
  const client = useQueryClient();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const change = useMutation({
    mutationFn: () =>
      told(api.POST("/session/password", { params: { header: csrf }, body: { old, new: fresh } })),
    onSuccess: (me) => {
      client.setQueryData(["session"], me);
      void client.invalidateQueries({ queryKey: ["sessions"] });
      setOld("");
      setFresh("");
      done?.();
    },
  });
  const words = (cause: unknown) =>
    cause instanceof Refusal && cause.status === 429
      ? t("signin.wait", { count: cause.problem.retry_after_s ?? 1 })
      : failureText(cause, t);
  return (
    <Form
      className="narrow"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      {change.error ? <Alert isInline variant="danger" title={words(change.error)} role="alert" /> : null}
      <input type="hidden" name="username" autoComplete="username" value={name} />
      <FormGroup label={t("account.password.old")} fieldId="old-password" isRequired>
        <TextInput
          id="old-password"
          type="password"
          value={old}
          onChange={(_, value) => setOld(value)}
          autoComplete="current-password"
          isRequired
        />
      </FormGroup>
      <FormGroup label={t("account.password.new")} fieldId="new-password" isRequired>
        <TextInput
          id="new-password"
          type="password"
          value={fresh}
          onChange={(_, value) => setFresh(value)}
          autoComplete="new-password"
          minLength={12}
          aria-describedby="new-password-help"
          isRequired
        />
        <FormHelperText>
          <HelperText id="new-password-help">
            <HelperTextItem>{t("setup.password.help")}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
      <div>
        <Button type="submit" isDisabled={change.isPending} isLoading={change.isPending}>
          {t("account.password.go")}
        </Button>
      </div>
    </Form>
  );
}
