import type { Charge, Meter } from "@topdog/contracts/quota";
import type { LeaseGrant, LeaseReport, syncLeases } from "@topdog/contracts/rpc/sync-leases";
import type { z } from "zod";

export type SyncRequest = z.infer<typeof syncLeases.request>;
export type SyncReply = z.infer<typeof syncLeases.reply>;

/** The protocol's other side, as small as it can be: what a gateway must do, and nothing that quota could rely on beyond. */
export interface Held {
  readonly owner: string;
  readonly meter: Meter;
  leaseId: string | null;
  day: string;
  size: number;
  returned: number;
  used: number;
  reported: number;
  window: number;
  closing: boolean;
}

export interface ModelGateway {
  readonly id: string;
  /** The day it believes in: an answer tells it of the next one. */
  day: string;
  readonly held: readonly Held[];
}

const empty = { leaseId: null, day: "", size: 0, returned: 0, used: 0, reported: 0, window: 1, closing: false };

export const modelGateway = (id: string, owner: string, meters: readonly Meter[]): ModelGateway => ({
  id,
  day: "",
  held: meters.map((meter) => ({ ...empty, owner, meter })),
});

const mayAdmit = (held: Held, day: string): boolean =>
  held.leaseId !== null &&
  !held.closing &&
  held.day === day &&
  held.used < held.size - held.returned &&
  held.used - held.reported < held.window;

/** Takes one token of each lease, all or none. */
export function admitCall({ held, day }: ModelGateway): Charge[] | null {
  if (!held.every((one) => mayAdmit(one, day))) return null;
  return held.map((one) => {
    one.used += 1;
    return { meter: one.meter, leaseId: one.leaseId ?? "", seq: one.used };
  });
}

export const giveBack = (gateway: ModelGateway): void => {
  for (const held of gateway.held) held.returned = held.size - held.used;
};

export function beginClose(held: Held): void {
  if (held.leaseId === null) return;
  held.closing = true;
  held.returned = held.size - held.used;
}

export function requestOf(gateway: ModelGateway, want: number): SyncRequest {
  const leases = gateway.held.map((held): LeaseReport => {
    if (held.day < gateway.day) beginClose(held);
    const { owner, meter, leaseId, used, returned, closing } = held;
    return { owner, meter, leaseId, used, returned, want: closing ? 0 : want, close: closing };
  });
  return { gatewayId: gateway.id, leases };
}

export function mergeReply(gateway: ModelGateway, request: SyncRequest, reply: SyncReply): void {
  gateway.day = reply.day;
  for (const [index, held] of gateway.held.entries()) {
    const [report, grant] = [request.leases[index], reply.leases[index]];
    if (report === undefined || grant === undefined) throw new Error("an answer is missing");
    mergeGrant(held, report, grant);
  }
}

function mergeGrant(held: Held, report: LeaseReport, grant: LeaseGrant): void {
  if (grant.state === "closed" && held.leaseId === report.leaseId && grant.leaseId === held.leaseId) {
    if (held.used > report.used) beginClose(held);
    else Object.assign(held, empty);
    return;
  }
  if (grant.state !== "open") return;
  if (held.leaseId === null) Object.assign(held, { leaseId: grant.leaseId, used: grant.reported });
  else if (held.leaseId !== grant.leaseId) return;
  held.day = grant.day;
  held.size = Math.max(held.size, grant.size);
  held.returned = held.closing ? held.size - held.used : Math.max(held.returned, grant.returned);
  held.reported = Math.max(held.reported, grant.reported);
  held.window = grant.window;
}
