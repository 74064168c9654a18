// SPDX-License-Identifier: Apache-2.0
// Who may log in, as what; the second step of a new account is set up at its first login.
import {
  Alert,
  Button,
  Checkbox,
  FormGroup,
  FormSelect,
  FormSelectOption,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  PageSection,
  TextInput,
} from "@patternfly/react-core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, csrf, type Schemas, told } from "../api/client";
import { useMay, useMe } from "../api/session";
import { useText } from "../i18n";
import { FormDialog } from "../parts/FormDialog";
import { Moment } from "../parts/Moment";
import { useTell } from "../parts/Notices";
import { PageTop } from "../parts/PageTop";
import { RowsTable } from "../parts/RowsTable";
import { failureText, ListOf, NothingYet } from "../parts/States";

const kRoles: readonly Schemas["Role"][] = ["officer", "senior-officer", "technician", "auditor", "admin"];
const params = { header: csrf };

interface ChosenPasswordProps {
  id: string;
  value: string;
  choose: (password: string) => void;
  autoFocus?: boolean;
}

/** The first password of somebody else, who then changes it. */
function ChosenPassword({ id, value, choose, autoFocus = false }: ChosenPasswordProps) {
  const { t } = useText();
  return (
    <FormGroup label={t("signin.password")} fieldId={id} isRequired>
      <TextInput
        id={id}
        type="password"
        value={value}
        onChange={(_, password) => choose(password)}
        autoComplete="new-password"
        minLength={12}
        title={t("setup.password.help")}
        isRequired
        autoFocus={autoFocus}
      />
    </FormGroup>
  );
}

function NewAccount({ close }: { close: () => void }) {
  const { t } = useText();
  const tell = useTell();
  const client = useQueryClient();
  const [made, setMade] = useState<Schemas["NewAccount"]>({ name: "", role: "officer", password: "" });
  const add = useMutation({
    mutationFn: () => told(api.POST("/accounts", { params, body: made })),
    onSuccess: (account) => {
      tell(t("accounts.made", { name: account.name }));
      close();
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["accounts"] }),
  });
  return (
    <FormDialog
      id="account"
      title={t("accounts.add")}
      says={t("accounts.add.body")}
      before={add.error ? <Alert isInline variant="danger" title={failureText(add.error, t)} /> : null}
      go={t("setup.go")}
      busy={add.isPending}
      submit={() => add.mutate()}
      close={close}
    >
      <FormGroup label={t("signin.name")} fieldId="account-name" isRequired>
        <TextInput
          id="account-name"
          value={made.name}
          onChange={(_, name) => setMade({ ...made, name })}
          pattern="[a-z][a-z0-9._\-]{0,31}"
          title={t("accounts.name.help")}
          autoComplete="off"
          isRequired
          autoFocus
        />
      </FormGroup>
      <FormGroup label={t("accounts.role")} fieldId="account-role">
        <FormSelect
          id="account-role"
          value={made.role}
          onChange={(_, role) => setMade({ ...made, role: role as Schemas["Role"] })}
        >
          {kRoles.map((role) => (
            <FormSelectOption key={role} value={role} label={t(`role.${role}`)} />
          ))}
        </FormSelect>
      </FormGroup>
      <ChosenPassword
        id="account-password"
        value={made.password}
        choose={(password) => setMade({ ...made, password })}
      />
    </FormDialog>
  );
}

function RemoveAccount({ name, close }: { name: string; close: () => void }) {
  const { t } = useText();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => told(api.DELETE("/accounts/{name}", { params: { ...params, path: { name } } })),
    onSuccess: close,
    onSettled: () => client.invalidateQueries({ queryKey: ["accounts"] }),
  });
  return (
    <Modal isOpen onClose={close} variant="small" aria-labelledby="remove-title">
      <ModalHeader
        title={t("accounts.remove", { name })}
        labelId="remove-title"
        description={t("accounts.remove.body")}
      />
      <ModalBody>
        {remove.error ? <Alert isInline variant="danger" title={failureText(remove.error, t)} /> : null}
      </ModalBody>
      <ModalFooter>
        <Button variant="danger" onClick={() => remove.mutate()} isDisabled={remove.isPending}>
          {t("accounts.remove", { name })}
        </Button>
        <Button variant="link" onClick={close}>
          {t("dialog.cancel")}
        </Button>
      </ModalFooter>
    </Modal>
  );
}

function ResetAccount({ name, close }: { name: string; close: () => void }) {
  const { t } = useText();
  const tell = useTell();
  const client = useQueryClient();
  const [password, setPassword] = useState("");
  const [totp, setTotp] = useState(false);
  const reset = useMutation({
    mutationFn: () =>
      told(
        api.POST("/accounts/{name}/reset", {
          params: { ...params, path: { name } },
          body: { password, totp },
        }),
      ),
    onSuccess: () => {
      tell(t("accounts.reset.done", { name }));
      close();
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["accounts"] }),
  });
  return (
    <FormDialog
      id="reset"
      title={t("accounts.reset", { name })}
      says={t("accounts.reset.body")}
      before={reset.error ? <Alert isInline variant="danger" title={failureText(reset.error, t)} /> : null}
      go={t("accounts.reset.go")}
      busy={reset.isPending}
      submit={() => reset.mutate()}
      close={close}
    >
      <ChosenPassword id="reset-password" value={password} choose={setPassword} autoFocus />
      <Checkbox
        id="reset-totp"
        label={t("accounts.reset.totp")}
        isChecked={totp}
        onChange={(_, value) => setTotp(value)}
      />
    </FormDialog>
  );
}

export function Accounts() {
  const { t } = useText();
  const me = useMe();
  const may = useMay();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const [resetting, setResetting] = useState<string | null>(null);
  const query = useQuery({
    queryKey: ["accounts"],
    queryFn: ({ signal }) => told(api.GET("/accounts", { signal })),
  });
  return (
    <>
      <PageTop title={t("nav.accounts")} says={t("accounts.says")}>
        {may("addAccount") ? <Button onClick={() => setAdding(true)}>{t("accounts.add")}</Button> : null}
      </PageTop>
      <PageSection>
        <ListOf
          query={query}
          isEmpty={(data) => data.accounts.length === 0}
          empty={<NothingYet title={t("accounts.empty.title")}>{t("accounts.add.body")}</NothingYet>}
        >
          {({ accounts }) => (
            <RowsTable
              label={t("nav.accounts")}
              rows={accounts}
              keyOf={(one) => one.name}
              columns={[
                { name: t("signin.name"), cell: (one) => one.name },
                { name: t("accounts.role"), cell: (one) => t(`role.${one.role}`) },
                { name: t("accounts.since"), cell: (one) => <Moment at={one.made} /> },
                { name: t("accounts.last_login"), cell: (one) => <Moment at={one.last_login} /> },
                {
                  name: t("accounts.second_step"),
                  cell: (one) => t(one.enrolled ? "accounts.enrolled" : "accounts.not_enrolled"),
                },
              ]}
              acts={(one) => (
                <>
                  {may("resetAccount") && one.name !== me.name ? (
                    <>
                      <Link to={`/account?of=${one.name}`}>{t("account.title.of", { name: one.name })}</Link>
                      <Button variant="link" isInline onClick={() => setResetting(one.name)}>
                        {t("accounts.reset", { name: one.name })}
                      </Button>
                    </>
                  ) : null}
                  {may("removeAccount") && one.name !== me.name ? (
                    <Button variant="link" isInline isDanger onClick={() => setRemoving(one.name)}>
                      {t("accounts.remove", { name: one.name })}
                    </Button>
                  ) : null}
                </>
              )}
            />
          )}
        </ListOf>
      </PageSection>
      {adding ? <NewAccount close={() => setAdding(false)} /> : null}
      {resetting === null ? null : <ResetAccount name={resetting} close={() => setResetting(null)} />}
      {removing === null ? null : <RemoveAccount name={removing} close={() => setRemoving(null)} />}
    </>
  );
}
