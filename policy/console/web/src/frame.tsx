// SPDX-License-Identifier: Apache-2.0
// What is around every page: name, what passes if Weir dies, language, theme, account, and the way to the other pages.
import {
  Brand,
  Dropdown,
  DropdownItem,
  DropdownList,
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadLogo,
  MastheadMain,
  MastheadToggle,
  MenuToggle,
  Nav,
  NavItem,
  NavList,
  Page,
  PageSidebar,
  PageSidebarBody,
  PageToggleButton,
  SkipToContent,
} from "@patternfly/react-core";
import BarsIcon from "@patternfly/react-icons/dist/esm/icons/bars-icon";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link, useLocation, useNavigate } from "react-router";
import { api, csrf, type Operation, type Overview, told } from "./api/client";
import { useEventStream, useTold } from "./api/events";
import { useMay, useMe } from "./api/session";
import { chooseLanguage, type TextKey, useText } from "./i18n";
import { chooseTheme, type ThemeChoice, useThemeChoice } from "./lib/theme";
import { Notices } from "./parts/Notices";

const kPlaces: readonly { to: string; text: TextKey; needs: Operation }[] = [
  { to: "/overview", text: "nav.overview", needs: "overview" },
  { to: "/violations", text: "nav.violations", needs: "violations" },
  { to: "/flows", text: "nav.flows", needs: "flows" },
  { to: "/clients", text: "nav.clients", needs: "clients" },
  { to: "/software", text: "nav.software", needs: "software" },
  { to: "/exceptions", text: "nav.exceptions", needs: "exceptions" },
  { to: "/policy", text: "nav.policy", needs: "policy" },
  { to: "/reports", text: "nav.reports", needs: "reports" },
  { to: "/system", text: "nav.system", needs: "status" },
  { to: "/accounts", text: "nav.accounts", needs: "accounts" },
  { to: "/audit", text: "nav.audit", needs: "audit" },
];

const kNothingPasses = "nothing passes"; // as the data plane says it
const kFrameRefreshMs = 30_000;

export type FailMode = "unknown" | "bypass" | "closed" | "open" | "mixed";

/** Of all pairs together; what by hand goes around Weir comes first. */
export function failModeOf(pairs: Overview["pairs"] | undefined): FailMode {
  if (!pairs || pairs.length === 0) return "unknown";
  if (pairs.some((pair) => pair.by_hand)) return "bypass";
  const closed = pairs.filter((pair) => pair.on_death === kNothingPasses).length;
  return closed === 0 ? "open" : closed === pairs.length ? "closed" : "mixed";
}

const kFailShapes: Record<FailMode, string> = {
  unknown: "?",
  bypass: "▲",
  closed: "■",
  open: "▷",
  mixed: "◧",
};

function FailBanner() {
  const { t } = useText();
  const may = useMay();
  const overview = useQuery({
    queryKey: ["overview", "1h"],
    queryFn: () => told(api.GET("/overview", { params: { query: { last: "1h" } } })),
    enabled: may("overview"),
    refetchInterval: kFrameRefreshMs,
  });
  const { tick } = useTold();
  const mode = failModeOf(overview.data?.pairs);
  const ok = tick?.ok ?? overview.data?.ok;
  return (
    <div className="row banner-words">
      <Link to="/system" className={`fail-mode fail-${mode}`} data-fail-mode={mode}>
        <span aria-hidden="true">{kFailShapes[mode]}</span> {t(`fail.${mode}`)}
      </Link>
      {ok === false ? (
        <Link to="/system" className="fail-mode fail-bypass">
          <span aria-hidden="true">✖</span> {t("frame.part_down")}
        </Link>
      ) : null}
    </div>
  );
}

const kThemes: readonly ThemeChoice[] = ["system", "light", "dark"];

function AccountMenu() {
  const { t, language } = useText();
  const me = useMe();
  const theme = useThemeChoice();
  const client = useQueryClient();
  const go = useNavigate();
  const [open, setOpen] = useState(false);
  const logout = async () => {
    await told(api.DELETE("/session", { params: { header: csrf } })).catch(() => undefined);
    client.setQueryData(["session"], null);
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
  };
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: "right" }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          aria-label={`${me.name}: ${t("account.menu")}`}
        >
          {me.name}
        </MenuToggle>
      )}
    >
      <DropdownList>
        <DropdownItem key="role" isDisabled>
          {t(`role.${me.role}`)}
        </DropdownItem>
        <DropdownItem key="account" onClick={() => go("/account")}>
          {t("account.title")}
        </DropdownItem>
        <DropdownItem
          key="language"
          lang={language === "fr" ? "en" : "fr"}
          onClick={() => chooseLanguage(language === "fr" ? "en" : "fr")}
        >
          {language === "fr" ? "English" : "Français"}
        </DropdownItem>
        {kThemes.map((one) => (
          <DropdownItem key={one} isSelected={theme === one} onClick={() => chooseTheme(one)}>
            {t(`theme.${one}`)}
          </DropdownItem>
        ))}
        <DropdownItem key="logout" onClick={() => void logout()}>
          {t("account.logout")}
        </DropdownItem>
      </DropdownList>
    </Dropdown>
  );
}

const kWideFrom = 1200; // px; narrower, the list of pages lies over the page

export function Frame({ children }: { children: ReactNode }) {
  const { t } = useText();
  const may = useMay();
  const { pathname } = useLocation();
  const [open, setOpen] = useState(window.innerWidth >= kWideFrom);
  useEventStream();
  const close = () => {
    if (window.innerWidth < kWideFrom) setOpen(false);
  };
  const masthead = (
    <Masthead>
      <MastheadMain>
        <MastheadToggle>
          <PageToggleButton
            variant="plain"
            aria-label={t("nav.toggle")}
            isSidebarOpen={open}
            onSidebarToggle={() => setOpen(!open)}
          >
            <BarsIcon />
          </PageToggleButton>
        </MastheadToggle>
        <MastheadBrand>
          <MastheadLogo component={(props) => <Link {...props} to="/overview" />}>
            <Brand src="/weir.svg" alt="" heights={{ default: "28px" }} />
            <span className="brand-name">Weir</span>
          </MastheadLogo>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent>
        <div className="row spread masthead-row">
          <FailBanner />
          <AccountMenu />
        </div>
      </MastheadContent>
    </Masthead>
  );
  const sidebar = (
    <PageSidebar isSidebarOpen={open}>
      <PageSidebarBody>
        <Nav aria-label={t("nav.pages")}>
          <NavList>
            {kPlaces
              .filter(({ needs }) => may(needs))
              .map(({ to, text }) => (
                <NavItem key={to} isActive={pathname === to} onClick={close} itemId={to}>
                  <Link to={to} aria-current={pathname === to ? "page" : undefined}>
                    {t(text)}
                  </Link>
                </NavItem>
              ))}
          </NavList>
        </Nav>
      </PageSidebarBody>
    </PageSidebar>
  );
  return (
    <Notices>
      <Page
        masthead={masthead}
        sidebar={sidebar}
        mainContainerId="main"
        skipToContent={<SkipToContent href="#main">{t("frame.skip")}</SkipToContent>}
      >
        {children}
      </Page>
    </Notices>
  );
}
