import type { Request, Response } from "express";
import type { AccountCaller, KeyCaller, SessionCaller, Visitor } from "@topdog/contracts/account-call";
import type { ErrorCode } from "@topdog/errors/registry";
import type { z } from "zod";
import type { RawBody } from "./raw-body.ts";
import type { StreamedResponse, StreamReply } from "./streamed.ts";

export type RouteMethod = "get" | "post" | "put" | "patch" | "delete";
/**
 * Who may call. `key`: an API key, `session`: a person who is signed in, `account`: either, each as the gateway signed it;
 * `visitor`: somebody whom the gateway has not identified, with their address; `operator`: the operator's credential, without which the path is as if it did not exist; `none`: anybody. `webhook` cannot
 * be mounted before it has a verifier.
 */
export type RouteAuth = "none" | "key" | "session" | "account" | "visitor" | "operator" | "webhook";
/**
 * What a session must be besides signed in. `recent authentication`: the person proved who they are in the last 15 minutes
 * (a key is not asked for it); `operator`: an operator's, with a second factor (a key never is).
 */
export type SessionRequirement = "recent authentication" | "operator";
/** The caller that a handler gets, by its route's auth. */
export type CallerOf<A extends RouteAuth> = A extends "key"
  ? KeyCaller
  : A extends "session"
    ? SessionCaller
    : A extends "account"
      ? AccountCaller
      : A extends "visitor"
        ? Visitor
        : null;
/** By status: the schema of its JSON body, or what kind of bytes it streams. */
export type ResponseSchemas = Readonly<Record<number, z.ZodType | StreamedResponse>>;

type Output<S> = S extends z.ZodType ? z.output<S> : S extends RawBody ? Buffer : undefined;

/** By name; a list is sent as that many headers. */
type AnswerHeaders = Readonly<Record<string, string | string[]>>;

/** `T` with readonly members, so that a handler may answer with constants. */
type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** A status that the route declared, with a body of that status's schema. */
export type RouteReply<R extends ResponseSchemas> = {
  [S in keyof R & number]: R[S] extends z.ZodType
    ? {
        readonly status: S;
        readonly body: DeepReadonly<z.input<R[S]>>;
        readonly headers?: AnswerHeaders;
      }
    : StreamReply & { readonly status: S };
}[keyof R & number];

export interface RouteInput<P, Q, B, A extends RouteAuth> {
  readonly params: Output<P>;
  readonly query: Output<Q>;
  readonly body: Output<B>;
  /** Who calls, as the gateway signed it; null on a route with another auth. */
  readonly caller: CallerOf<A>;
  readonly req: Request;
  readonly res: Response;
}

export interface RouteDefinition<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodType | RawBody | undefined,
  R extends ResponseSchemas,
  A extends RouteAuth,
  T extends RouteReply<R>,
> {
  readonly method: RouteMethod;
  /** As Express writes it: `/api/keys/:keyId`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly auth: A;
  /** For `session` and `account`. */
  readonly requires?: readonly SessionRequirement[];
  readonly params?: P;
  readonly query?: Q;
  /** A schema for JSON, or `rawBody` for the bytes. */
  readonly body?: B;
  /** A status without a body (204) has `z.undefined()`. */
  readonly responses: R;
  /** What this route may answer besides what every route may (bad input, no key, internal error). */
  readonly errors: readonly ErrorCode[];
  readonly handler: (input: RouteInput<P, Q, B, A>) => Promise<T>;
}

/** A route whose types no longer matter: for mounting and for the OpenAPI document. */
export interface Route {
  readonly method: RouteMethod;
  readonly path: string;
  readonly summary: string;
  readonly description?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly auth: RouteAuth;
  readonly requires?: readonly SessionRequirement[] | undefined;
  readonly params?: z.ZodObject | undefined;
  readonly query?: z.ZodObject | undefined;
  readonly body?: z.ZodType | RawBody | undefined;
  readonly responses: ResponseSchemas;
  readonly errors: readonly ErrorCode[];
  readonly handler: (input: ErasedInput) => Promise<ErasedReply | StreamReply>;
}

export interface ErasedInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly caller: AccountCaller | Visitor | null;
  readonly req: Request;
  readonly res: Response;
}

export interface ErasedReply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: AnswerHeaders;
}
