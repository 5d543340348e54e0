import { z } from "zod";
import { principalSchema } from "./rpc/resolve-principal.ts";

/** Carries the token (libs/caller-token) with which the gateway says who calls a sibling. */
export const callerTokenHeaderName = "x-topdog-caller";

/** An `/api` request of an authenticated caller: nothing was charged. */
export const accountCallSchema = z.object({ requestId: z.string(), principal: principalSchema });
export type AccountCall = z.infer<typeof accountCallSchema>;
