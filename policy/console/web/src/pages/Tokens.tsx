// SPDX-License-Identifier: Apache-2.0
// With what programs ask in the name of an account: made for some operations until a day, shown once, taken away.
import {
  Alert,
  Button,
  Checkbox,
  ClipboardCopy,
  FormGroup,
  FormSelect,
  FormSelectOption,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  PageSection,
  TextInput,
  Title,
} from "@patternfly/react-core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, csrf, type Operation, told } from "../api/client";
import { useMe } from "../api/session";
import { useText } from "../i18n";
import { FormDialog } from "../parts/FormDialog";
import { Moment } from "../parts/Moment";
import { useTell } from "../parts/Notices";
import { RowsTable } from "../parts/RowsTable";
import { failureText, ListOf, NothingYet } from "../parts/States";

const kDays = [7, 30, 90, 366] as const;
const kNameMax = 60; // characters, of the API

// What the API gives to no token, or to everybody.
const kNotForTokens: ReadonlySet<string> = new Set<Operation>([
  "setupState",
  "setup",
  "login",
  "totp",
  "logout",
  "addAccount",
  "removeAccount",
  "resetAccount",
  "changePassword",
  "sessions",
  "endSessions",
  "endSession",
  "tokens",
  "addToken",
  "removeToken",
]);

function NewToken({ close, made }: { close: () => void; made: (token: string) => void }) {
  const { t } = useText();
  const me = useMe();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [days, setDays] = useState<number>(30);
  const [scope, setScope] = useState<ReadonlySet<string>>(new Set());
  const add = useMutation({
    mutationFn: () =>
      told(api.POST("/tokens", { params: { header: csrf }, body: { name, days, scope: [...scope] } })),
    onSuccess: (answer) => made(answer.token),
    onSettled: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
  const choose = (operation: string, chosen: boolean) => {
    const next = new Set(scope);
    if (chosen) next.add(operation);
    else next.delete(operation);
    setScope(next);
  };
  return (
    <FormDialog
      id="token"
      title={t("tokens.add")}
      says={t("tokens.add.body")}
      before={add.error ? <Alert isInline variant="danger" title={failureText(add.error, t)} /> : null}
      go={t("tokens.go")}
      ready={name.trim() !== "" && scope.size > 0}
      busy={add.isPending}
      submit={() => add.mutate()}
      close={close}
    >
      <FormGroup label={t("tokens.name")} fieldId="token-name" isRequired>
        <TextInput
          id="token-name"
          value={name}
          maxLength={kNameMax}
          onChange={(_, value) => setName(value)}
          isRequired
          autoFocus
        />
      </FormGroup>
      <FormGroup label={t("tokens.days")} fieldId="token-days">
        <FormSelect id="token-days" value={days} onChange={(_, value) => setDays(Number(value))}>
          {kDays.map((one) => (
            <FormSelectOption key={one} value={one} label={t("tokens.days.of", { count: one })} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup label={t("tokens.scope")} role="group" fieldId="token-scope" isRequired>
        <div className="choices">
          {me.operations
            .filter((one) => !kNotForTokens.has(one))
            .map((one) => (
              <Checkbox
                key={one}
                id={`scope-${one}`}
                label={one}
                isChecked={scope.has(one)}
                onChange={(_, chosen) => choose(one, chosen)}
              />
            ))}
        </div>
      </FormGroup>
    </FormDialog>
  );
}

function Shown({ token, close }: { token: string; close: () => void }) {
  const { t } = useText();
  return (
    <Modal isOpen onClose={close} variant="medium" aria-labelledby="shown-title">
      <ModalHeader title={t("tokens.made")} labelId="shown-title" description={t("tokens.made.body")} />
      <ModalBody>
        <ClipboardCopy
          isReadOnly
          hoverTip={t("tokens.copy")}
          clickTip={t("tokens.copied")}
          textAriaLabel={t("tokens.made")}
        >
          {token}
        </ClipboardCopy>
      </ModalBody>
      <ModalFooter>
        <Button onClick={close}>{t("tokens.kept")}</Button>
      </ModalFooter>
    </Modal>
  );
}

export function Tokens({ account, own }: { account: string; own: boolean }) {
  const { t } = useText();
  const tell = useTell();
  const client = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [shown, setShown] = useState("");
  const query = useQuery({
    queryKey: ["tokens", account],
    queryFn: ({ signal }) => told(api.GET("/tokens", { signal, params: { query: { account } } })),
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      told(api.DELETE("/tokens/{id}", { params: { header: csrf, path: { id }, query: { account } } })),
    onError: (cause) => tell(failureText(cause, t)),
    onSettled: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
  return (
    <PageSection>
      <div className="row spread">
        <Title headingLevel="h2">{t("tokens.title")}</Title>
        {own ? <Button onClick={() => setAdding(true)}>{t("tokens.add")}</Button> : null}
      </div>
      <ListOf
        query={query}
        isEmpty={(data) => data.tokens.length === 0}
        empty={<NothingYet title={t("tokens.empty")}>{t("tokens.add.body")}</NothingYet>}
      >
        {({ tokens }) => (
          <RowsTable
            label={t("tokens.title")}
            rows={tokens}
            keyOf={(one) => one.id}
            columns={[
              { name: t("tokens.name"), cell: (one) => one.name },
              { name: t("tokens.scope"), cell: (one) => one.scope.join(", ") },
              { name: t("tokens.ends"), cell: (one) => <Moment at={one.ends} /> },
              { name: t("account.used"), cell: (one) => <Moment at={one.used} /> },
              { name: t("account.address"), className: "mono", cell: (one) => one.address },
            ]}
            acts={(one) => (
              <Button variant="link" isInline isDanger onClick={() => remove.mutate(one.id)}>
                {t("tokens.remove", { name: one.name })}
              </Button>
            )}
          />
        )}
      </ListOf>
      {adding ? (
        <NewToken
          close={() => setAdding(false)}
          made={(token) => {
            setAdding(false);
            setShown(token);
          }}
        />
      ) : null}
      {shown ? <Shown token={shown} close={() => setShown("")} /> : null}
    </PageSection>
  );
}
