import type { Server } from "node:http";
import type { Verifiers } from "@topdog/http-kit/auth";
import type { ServerOptions } from "@topdog/http-kit/create-server";
import type { Check } from "@topdog/http-kit/probes";
import type { Route } from "@topdog/http-kit/route";
import type { ErrorRenderer } from "@topdog/http-kit/send-error";
import type { Bus } from "@topdog/messaging/connect";
import type { MessagingMetrics } from "@topdog/messaging/metrics";
import type { Database, DatabaseOptions } from "@topdog/postgres/pool";
import type { Logger } from "@topdog/telemetry/logger";
import type { Metrics } from "@topdog/telemetry/metrics";
import type { Express } from "express";
import type { z } from "zod";
import type { BackgroundBus } from "./background-bus.ts";
import type { busFields, databaseFields, ProcessName, ProcessShape } from "./fields.ts";
import type { Job } from "./job.ts";
import type { Part } from "./part.ts";

/** What must be opened before the service can be built. */
export interface Needs {
  /** A database with an outbox: its relay and its cleaning are run too. */
  readonly database?: true;
  /** `required`: nothing starts before the bus answers. `background`: the service runs without it and connects when it can. */
  readonly bus?: "required" | "background";
}

type ShapeOf<N extends Needs> = ProcessShape &
  (N extends { database: true } ? typeof databaseFields : unknown) &
  (N extends { bus: string } ? typeof busFields : unknown);

type DatabaseOf<N extends Needs> = N extends { database: true }
  ? { readonly db: Database; readonly messagingMetrics: MessagingMetrics }
  : unknown;

type BusOf<N extends Needs> = N extends { bus: "required" }
  ? { readonly bus: Bus }
  : N extends { bus: "background" }
    ? { readonly bus: BackgroundBus }
    : unknown;

/** What a service is built from. */
export type Context<N extends Needs, C, D> = {
  readonly config: C;
  readonly deps: D;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** From the first moment of the stop. */
  readonly isDraining: () => boolean;
  /** Call it in the line after something was opened: it is released in reverse order, at the stop and after a failed start. */
  readonly onStop: (name: string, release: () => void | Promise<void>) => void;
} & DatabaseOf<N> &
  BusOf<N>;

/** The part of a `Context` that a durable consumer takes. */
export interface ConsumerContext {
  readonly db: Database;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly messagingMetrics: MessagingMetrics;
}

export interface WebOptions {
  /** How the errors of what no route took are written; problem+json when absent. */
  readonly renderError: ErrorRenderer;
  /** Whether the peer is one of ours, whose x-request-id is taken over. */
  readonly trustRequestId: boolean;
  readonly securityHeaders: boolean;
  readonly logRequests: boolean;
  readonly server: ServerOptions;
  /** Before every middleware: for routes whose every microsecond counts. */
  readonly mountFirst: (app: Express) => void;
  /** After the routes and before the 404. */
  readonly mountLast: (app: Express) => void;
  /** Before it listens. */
  readonly onServer: (server: Server) => void;
}

/** What is a service's own. */
export interface Built {
  /** On the public port. Those with auth `operator` are on the operations port too, open to whoever reaches it. */
  readonly routes?: readonly Route[];
  readonly verifiers?: Verifiers;
  readonly web?: Partial<WebOptions>;
  /** What this instance cannot serve without, beside its database and its bus. */
  readonly checks?: Readonly<Record<string, Check>>;
  /** What may be out of order while the rest of it serves: operators see it in /health, and readiness does not depend on it. */
  readonly features?: Readonly<Record<string, Check>>;
  /** Whether this instance still serves somebody while the bus is away: then it stays ready, as degraded. Never when absent. */
  readonly servesWithoutBus?: () => boolean;
  /** By name: started in this order before any request is taken, stopped in reverse after the last answer. */
  readonly parts?: Readonly<Record<string, Part>>;
  readonly jobs?: readonly Job[];
}

export interface ServiceDefinition<N extends Needs, S extends z.ZodObject, D extends object> {
  readonly name: ProcessName;
  readonly needs: N;
  readonly config: S;
  /** What a test may replace: the clock, randomness, and the like. */
  readonly deps: D;
  readonly databaseOptions?: (config: z.infer<S>) => Partial<DatabaseOptions>;
  readonly build: (context: Context<N, Readonly<z.infer<S>>, D>) => Built | Promise<Built>;
}

/** Says once what a service is made of; `runService` and the tests start it from this. */
export function defineService<const N extends Needs, S extends z.ZodObject<ShapeOf<N>>, D extends object>(
  definition: ServiceDefinition<N, S, D>,
): ServiceDefinition<N, S, D> {
  return Object.freeze(definition);
}
