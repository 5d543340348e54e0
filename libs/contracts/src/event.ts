import type { z } from "zod";

/** A fact on the bus. The subject is `topdog.<aggregate>.<past-tense>.v<major>`; a breaking change is a new subject. */
export interface EventDefinition<T> {
  readonly subject: string;
  readonly summary: string;
  readonly owner: string;
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
  readonly owner: string;
  readonly request: z.ZodType<Q>;
  readonly reply: z.ZodType<A>;
}

export function defineRpc<Q, A>(definition: RpcDefinition<Q, A>): RpcDefinition<Q, A> {
  return Object.freeze(definition);
}

/** Advice to whoever listens: at most once, never a fact. Losing one costs lag only. */
export interface SignalDefinition<T> {
  readonly subject: string;
  readonly summary: string;
  readonly owner: string;
  readonly schema: z.ZodType<T>;
  readonly example: T;
}

export function defineSignal<T>(
  definition: Omit<SignalDefinition<T>, "example"> & { readonly example: NoInfer<T> },
): SignalDefinition<T> {
  return Object.freeze(definition);
}
