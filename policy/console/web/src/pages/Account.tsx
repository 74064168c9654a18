// SPDX-License-Identifier: Apache-2.0
// One's own password, sessions and tokens; by an admin the sessions and tokens of another account (?of=NAME).
import { Button, Content, PageSection, Title } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { api, csrf, told } from "../api/client";
import { useMe } from "../api/session";
import { useText } from "../i18n";
import { Moment } from "../parts/Moment";
import { useTell } from "../parts/Notices";
import { PageTop } from "../parts/PageTop";
import { PasswordForm } from "../parts/PasswordForm";
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
          <Table variant="compact" aria-label={t("account.sessions")}>
            <Thead>
              <Tr>
                <Th>{t("account.address")}</Th>
                <Th>{t("account.sessions.began")}</Th>
                <Th>{t("account.used")}</Th>
                <Th screenReaderText={t("column.acts")} />
              </Tr>
            </Thead>
            <Tbody>
              {sessions.map((one) => (
                <Tr key={one.id}>
                  <Td dataLabel={t("account.address")} className="mono">
                    {one.address}
                  </Td>
                  <Td dataLabel={t("account.sessions.began")}>
                    <Moment at={one.began} />
                  </Td>
                  <Td dataLabel={t("account.used")}>
                    <Moment at={one.used} />
                  </Td>
                  <Td>
                    {one.current ? (
                      t("account.sessions.current")
                    ) : (
                      <Button variant="link" isInline isDanger onClick={() => end.mutate(one.id)}>
                        {t("account.sessions.end")}
                      </Button>
                    )}
                  </Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
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
