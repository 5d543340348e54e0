import type { z } from "zod";
import type { ServiceName } from "./services.ts";

type OneOrMore<T> = readonly [T, ...T[]];

/** A fact on the bus. The subject is `topdog.<aggregate>.<past-tense>.v<major>`; a breaking change is a new subject. */
export interface EventDefinition<T> {
  readonly subject: string;
  readonly summary: string;
  /** Which services may publish it: the bus refuses it from anybody else, and consumers refuse it from anybody else. */
  readonly publishers: OneOrMore<ServiceName>;
  /** Which services receive it as a broadcast, without a durable. Consumers with a durable are declared in `topology.ts`. */
  readonly listeners: readonly ServiceName[];
  /** A message may hold many of it, in CloudEvents batch form; one in binary mode is understood too. */
  readonly inBatches?: true;
  readonly schema: z.ZodType<T>;
  readonly example: T;
}

/** An event whose payload type does not matter: for lists and documents. */
export type AnyEvent = Omit<EventDefinition<unknown>, "schema"> & { readonly schema: z.ZodType };

/** The schema alone says what T is: an example would widen its enums to strings. */
export function defineEvent<T>(
  definition: Omit<EventDefinition<T>, "example"> & { readonly example: NoInfer<T> },
): EventDefinition<T> {
  return Object.freeze(definition);
}

/** A question answered by one of a service's instances, over core NATS request-reply. */
export interface RpcDefinition<Q, A> {
  readonly subject: string;
  readonly summary: string;
  /** Who answers it. */
  readonly owner: ServiceName;
  /** Who may ask it. */
  readonly askers: OneOrMore<ServiceName>;
  /** Answering it twice changes nothing, so it may be asked again within the deadline. */
  readonly idempotent: boolean;
  readonly request: z.ZodType<Q>;
  readonly reply: z.ZodType<A>;
}

/** Where a question that may be asked twice is asked of every instance of its owner, each of which answers. */
export const subjectOfEvery = ({ subject }: { readonly subject: string }): string => `${subject}.every`;

/** A question whose types do not matter: for lists and documents. */
export type AnyRpc = Omit<RpcDefinition<unknown, unknown>, "request" | "reply"> & {
  readonly request: z.ZodType;
  readonly reply: z.ZodType;
};

export function defineRpc<Q, A>(definition: RpcDefinition<Q, A>): RpcDefinition<Q, A> {
  return Object.freeze(definition);
}

/** Advice to whoever listens: at most once, never a fact. Losing one costs lag only. */
export interface SignalDefinition<T> {
  readonly subject: string;
  readonly summary: string;
  /** Who sends it. */
  readonly owner: ServiceName;
  /** Who may hear it. */
  readonly listeners: OneOrMore<ServiceName>;
  /** Sent on `subject.<key>`: the bus delivers it only where somebody listens for that key. */
  readonly keyed?: true;
  readonly schema: z.ZodType<T>;
  readonly example: T;
}

/** A signal whose payload type does not matter: for lists and documents. */
export type AnySignal = Omit<SignalDefinition<unknown>, "schema"> & { readonly schema: z.ZodType };

export function defineSignal<T>(
  definition: Omit<SignalDefinition<T>, "example"> & { readonly example: NoInfer<T> },
): SignalDefinition<T> {
  return Object.freeze(definition);
}
