// SPDX-License-Identifier: Apache-2.0
import { Link, type LinkProps } from "react-router";
import type { Operation } from "../api/client";
import { useMay } from "../api/session";

const kNeeds: Record<string, Operation> = {
  "/violations": "violations",
  "/flows": "flows",
  "/clients": "clients",
  "/policy": "policy",
  "/system": "status",
};

/** A link for whose role includes the page, else its words alone. */
export function MayLink({ to, className, children, ...rest }: LinkProps & { to: string }) {
  const may = useMay();
  const needs = kNeeds[to.split("?")[0] ?? ""];
  if (needs && !may(needs)) return <span className={className}>{children}</span>;
  return (
    <Link to={to} className={className} {...rest}>
      {children}
    </Link>
  );
}
