import { emailSchema } from "@topdog/contracts/text";
import { isSecureUrl } from "@topdog/contracts/session-cookies";
import { defineRoute, type Route } from "@topdog/http-kit/route";
import { z } from "zod";
import { readKeptMails } from "../clients/kept-mails.ts";

interface DevMailsConfig {
  readonly NODE_ENV?: string | undefined;
  readonly PUBLIC_URL: string;
  readonly SMTP_URL?: unknown;
  readonly MAIL_DIR?: string | undefined;
}

/**
 * Whoever reads these mails can be anybody: the route exists only where no mail is sent, the site is on this machine alone (plain http is allowed
 * nowhere else), and nothing says that it is production. It is in no document.
 */
export function devMailRoutes({ NODE_ENV, PUBLIC_URL, SMTP_URL, MAIL_DIR }: DevMailsConfig): Route[] {
  if (NODE_ENV === "production" || isSecureUrl(PUBLIC_URL) || SMTP_URL !== undefined || MAIL_DIR === undefined)
    return [];
  return [
    defineRoute({
      method: "get",
      path: "/api/dev/mails",
      summary: "Read the mails that were kept instead of being sent, the newest first",
      auth: "none",
      query: z.object({
        to: emailSchema.optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
      responses: {
        200: z.object({
          items: z.array(
            z.object({ to: z.string(), subject: z.string(), text: z.string(), link: z.string(), at: z.iso.datetime() }),
          ),
        }),
      },
      errors: [],
      handler: async ({ query }) => {
        const mails = await readKeptMails(MAIL_DIR, query.to, query.limit);
        return {
          status: 200 as const,
          body: { items: mails.map(({ at, ...mail }) => ({ ...mail, at: at.toISOString() })) },
        };
      },
    }),
  ];
}
