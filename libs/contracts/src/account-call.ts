import { z } from "zod";
import { principalSchema } from "./rpc/resolve-principal.ts";

/** The header with the token (libs/caller-token) that tells a sibling service who calls. */
export const callerTokenHeaderName = "x-topdog-caller";

/** An `/api` request of an authenticated caller: nothing was charged. */
export const accountCallSchema = z.object({ requestId: z.string(), principal: principalSchema });
export type AccountCall = z.infer<typeof accountCallSchema>;
