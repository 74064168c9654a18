// SPDX-License-Identifier: Apache-2.0
// The data plane's own words on ports and workers, read with care: a reply of another version has other fields.

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const numberOf = (from: Json, key: string) => (typeof from[key] === "number" ? (from[key] as number) : 0);
const textOf = (from: Json, key: string) => {
  const value = from[key];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
};

export interface PortRow {
  name: string;
  device: string;
  driver: string;
  linkUp: boolean | null;
  linkMbps: number;
  received: number; // frames
  transmitted: number;
  parked: number;
  missed: number; // frames the device lost before Weir saw them
  dropped: [string, number][]; // by reason, the most first, none that is 0
}

export function portRows(dataplane: Json): PortRow[] {
  return objects(dataplane.ports).map((port) => {
    const counters = isObject(port.counters) ? port.counters : port;
    const dropped = isObject(counters.dropped) ? counters.dropped : {};
    return {
      name: `${textOf(port, "pair")} ${textOf(port, "side")}`.trim() || textOf(port, "name"),
      device: textOf(port, "device"),
      driver: textOf(port, "driver"),
      linkUp: typeof port.link_up === "boolean" ? port.link_up : null,
      linkMbps: numberOf(port, "link_mbps"),
      received: numberOf(counters, "received"),
      transmitted: numberOf(counters, "transmitted"),
      parked: numberOf(counters, "parked"),
      missed: numberOf(port, "missed") + numberOf(port, "no_buffer"),
      dropped: Object.entries(dropped)
        .filter((row): row is [string, number] => typeof row[1] === "number" && row[1] > 0)
        .sort((one, other) => other[1] - one[1]),
    };
  });
}

export interface WorkerRow {
  index: string;
  alive: boolean;
  stuckMs: number;
  level: string; // full, names-only, l4, bypass
  flows: number;
  parked: number;
  channel: string;
  revision: string;
}

export function workerRows(dataplane: Json): WorkerRow[] {
  return objects(dataplane.workers).map((worker, place) => ({
    index: textOf(worker, "index") || String(place),
    alive: worker.state !== "stuck",
    stuckMs: worker.state === "stuck" ? numberOf(worker, "still_ms") : 0,
    level: isObject(worker.overload) ? textOf(worker.overload, "level") : "",
    flows: numberOf(worker, "flows"),
    parked: numberOf(worker, "parked"),
    channel: textOf(worker, "channel"),
    revision: textOf(worker, "policy_revision"),
  }));
}

/** Of all ports together, the most first. */
export function dropRows(ports: PortRow[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const port of ports)
    for (const [reason, count] of port.dropped) sums.set(reason, (sums.get(reason) ?? 0) + count);
  return [...sums].sort((one, other) => other[1] - one[1]);
}

/** Exceptions that spoke, "cause action", of all workers. */
export function exceptionRows(dataplane: Json): [string, string, number][] {
  const sums = new Map<string, number>();
  for (const worker of objects(dataplane.workers)) {
    if (!isObject(worker.exceptions)) continue;
    for (const [cause, actions] of Object.entries(worker.exceptions)) {
      if (!isObject(actions)) continue;
      for (const [action, count] of Object.entries(actions))
        if (typeof count === "number" && count > 0)
          sums.set(`${cause} ${action}`, (sums.get(`${cause} ${action}`) ?? 0) + count);
    }
  }
  return [...sums].map(([name, count]) => {
    const [cause = "", action = ""] = name.split(" ");
    return [cause, action, count];
  });
}
