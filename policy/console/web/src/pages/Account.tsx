// SPDX-License-Identifier: Apache-2.0
// One's own password, sessions and tokens; by an admin the sessions and tokens of another account (?of=NAME).
import { Button, Content, PageSection, Title } from "@patternfly/react-core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { api, csrf, told } from "../api/client";
import { useMe } from "../api/session";
import { useText } from "../i18n";
import { Moment } from "../parts/Moment";
import { useTell } from "../parts/Notices";
import { PageTop } from "../parts/PageTop";
import { PasswordForm } from "../parts/PasswordForm";
import { RowsTable } from "../parts/RowsTable";
import { failureText, ListOf, NothingYet } from "../parts/States";
import { Tokens } from "./Tokens";

const header = csrf;

function Sessions({ account, own }: { account: string; own: boolean }) {
  const { t } = useText();
  const tell = useTell();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["sessions", account],
    queryFn: ({ signal }) => told(api.GET("/sessions", { signal, params: { query: { account } } })),
  });
  const after = {
    onError: (cause: unknown) => tell(failureText(cause, t)),
    onSettled: () => client.invalidateQueries({ queryKey: ["sessions"] }),
  };
  const end = useMutation({
    mutationFn: (id: string) =>
      told(api.DELETE("/sessions/{id}", { params: { header, path: { id }, query: { account } } })),
    ...after,
  });
  const endAll = useMutation({
    mutationFn: () => told(api.DELETE("/sessions", { params: { header, query: { account } } })),
    ...after,
  });
  return (
    <PageSection>
      <div className="row spread">
        <Title headingLevel="h2">{t("account.sessions")}</Title>
        <Button variant="secondary" onClick={() => endAll.mutate()} isDisabled={endAll.isPending}>
          {t(own ? "account.sessions.end_all" : "account.sessions.end_every")}
        </Button>
      </div>
      <ListOf
        query={query}
        isEmpty={(data) => data.sessions.length === 0}
        empty={
          <NothingYet title={t("account.sessions.empty")}>{t("account.sessions.empty.body")}</NothingYet>
        }
      >
        {({ sessions }) => (
          <RowsTable
            label={t("account.sessions")}
            rows={sessions}
            keyOf={(one) => one.id}
            columns={[
              { name: t("account.address"), className: "mono", cell: (one) => one.address },
              { name: t("account.sessions.began"), cell: (one) => <Moment at={one.began} /> },
              { name: t("account.used"), cell: (one) => <Moment at={one.used} /> },
            ]}
            acts={(one) =>
              one.current ? (
                t("account.sessions.current")
              ) : (
                <Button variant="link" isInline isDanger onClick={() => end.mutate(one.id)}>
                  {t("account.sessions.end")}
                </Button>
              )
            }
          />
        )}
      </ListOf>
    </PageSection>
  );
}

export function Account() {
  const { t } = useText();
  const me = useMe();
  const tell = useTell();
  const [search] = useSearchParams();
  const account = search.get("of") ?? me.name;
  const own = account === me.name;
  return (
    <>
      <PageTop
        title={own ? t("account.title") : t("account.title.of", { name: account })}
        says={own ? t("account.says") : t("account.says.of")}
      />
      {own ? (
        <PageSection>
          <Title headingLevel="h2">{t("account.password")}</Title>
          <Content component="p">{t("account.password.says")}</Content>
          <PasswordForm name={me.name} done={() => tell(t("account.password.done"))} />
        </PageSection>
      ) : null}
      <Sessions account={account} own={own} />
      <Tokens account={account} own={own} />
    </>
  );
}
