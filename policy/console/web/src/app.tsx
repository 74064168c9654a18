// SPDX-License-Identifier: Apache-2.0
// Which page an address is; whoever is not logged in sees the sign-in at every address.
import { Button, EmptyState, EmptyStateBody } from "@patternfly/react-core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ComponentType, lazy, Suspense, useEffect } from "react";
import { Navigate, Route, Routes, useNavigate } from "react-router";
import { api, type Operation, onSessionEnd, told } from "./api/client";
import { MeProvider, useMay, useSession } from "./api/session";
import { Frame } from "./frame";
import { useText } from "./i18n";
import { MustChange, SignIn } from "./pages/SignIn";
import { Failed, Forbidden, Loading } from "./parts/States";

const page = (load: () => Promise<Record<string, ComponentType>>, name: string) =>
  lazy(async () => ({ default: (await load())[name] as ComponentType }));

interface PageOf {
  path: string;
  needs: Operation;
  show: ComponentType;
}

const kPages: readonly PageOf[] = [
  { path: "/overview", needs: "overview", show: page(() => import("./pages/Overview"), "Overview") },
  { path: "/violations", needs: "violations", show: page(() => import("./pages/Violations"), "Violations") },
  { path: "/flows", needs: "flows", show: page(() => import("./pages/Flows"), "Flows") },
  { path: "/clients", needs: "clients", show: page(() => import("./pages/Clients"), "Clients") },
  { path: "/software", needs: "software", show: page(() => import("./pages/Software"), "Software") },
  { path: "/exceptions", needs: "exceptions", show: page(() => import("./pages/Exceptions"), "Exceptions") },
  { path: "/policy", needs: "policy", show: page(() => import("./pages/Policy"), "Policy") },
  { path: "/reports", needs: "reports", show: page(() => import("./pages/Reports"), "Reports") },
  { path: "/system", needs: "status", show: page(() => import("./pages/System"), "System") },
  { path: "/accounts", needs: "accounts", show: page(() => import("./pages/Accounts"), "Accounts") },
  { path: "/account", needs: "sessions", show: page(() => import("./pages/Account"), "Account") },
  { path: "/audit", needs: "audit", show: page(() => import("./pages/Audit"), "Audit") },
];

function Allowed({ needs, show: Show }: PageOf) {
  const may = useMay();
  if (!may(needs)) return <Forbidden />;
  return (
    <Suspense fallback={<Loading />}>
      <Show />
    </Suspense>
  );
}

function Unknown() {
  const { t } = useText();
  const go = useNavigate();
  return (
    <EmptyState titleText={t("unknown.title")} headingLevel="h1">
      <EmptyStateBody>
        {t("unknown.body")}{" "}
        <Button variant="link" isInline onClick={() => go("/overview")}>
          {t("nav.overview")}
        </Button>
      </EmptyStateBody>
    </EmptyState>
  );
}

export function App() {
  const client = useQueryClient();
  const session = useSession();
  const setup = useQuery({
    queryKey: ["setup"],
    queryFn: () => told(api.GET("/setup")),
    enabled: session.data === null,
  });
  useEffect(() => onSessionEnd(() => client.setQueryData(["session"], null)), [client]);

  if (session.isPending) return <Loading />;
  if (session.error) return <Failed error={session.error} retry={() => session.refetch()} />;
  if (session.data === null) {
    if (setup.isPending) return <Loading />;
    if (setup.error) return <Failed error={setup.error} retry={() => setup.refetch()} />;
    return <SignIn first={setup.data.needed} />;
  }
  if (session.data.must_change) return <MustChange name={session.data.name} />;
  return (
    <MeProvider value={session.data}>
      <Frame>
        <Routes>
          <Route path="/" element={<Navigate to="/overview" replace />} />
          {kPages.map((one) => (
            <Route key={one.path} path={one.path} element={<Allowed {...one} />} />
          ))}
          <Route path="*" element={<Unknown />} />
        </Routes>
      </Frame>
    </MeProvider>
  );
}
