import { idSchema } from "@topdog/contracts/text";
import { AppError } from "@topdog/errors/app-error";
import { defineRoute } from "@topdog/http-kit/route";
import { streamed } from "@topdog/http-kit/streamed";
import { z } from "zod";
import { openLiveStream } from "../usecases/open-live-stream.ts";
import type { GatewayRouteDeps } from "./deps.ts";

const description =
  `Events: \`ready\` first (read everything after it), then \`usage\` (today's figures, once a second at most), \`subscription\`, \`org\`, \`member\`, \`key\`, \`credential\`,
\`byok\`, for operators \`provider\`, and \`end\` as the last. What happens while nobody listens is not told again.`.replaceAll(
    "\n",
    " ",
  );

export const eventsRoute = ({ live, tokenHashOf }: GatewayRouteDeps) =>
  defineRoute({
    method: "get",
    path: "/api/events",
    summary: "Listen to what changes in your account, and in an org that you act in",
    description,
    tags: ["Account"],
    auth: "session",
    query: z.object({ orgId: idSchema.optional().describe("An org that you are a member of") }),
    responses: { 200: streamed("text/event-stream", "Server-sent events") },
    errors: ["not_found", "too_many_calls"],
    handler: async ({ caller, query, req }) => {
      const tokenHash = tokenHashOf(req);
      if (tokenHash === null) throw new AppError("not_signed_in");
      const stream = await openLiveStream(live, caller, tokenHash, query.orgId ?? null);
      return { status: 200 as const, stream, headers: { "x-accel-buffering": "no" } };
    },
  });
