import { AppError } from "@topdog/errors/app-error";
import { defineRoute } from "@topdog/http-kit/route";
import { defineService } from "@topdog/service/define";
import { busFields, databaseFields, operatorFields, processFields } from "@topdog/service/fields";
import type { Part } from "@topdog/service/part";
import { z } from "zod";

/** What happened, in order. */
export type Diary = string[];

/** Notes its start and its stop; may fail at either. */
export const notedPart = (diary: Diary, name: string, fails: string | null): Part => ({
  start: () => {
    if (fails === `start ${name}`) throw new Error(`${name} cannot start`);
    diary.push(`start ${name}`);
  },
  stop: () => {
    diary.push(`stop ${name}`);
    if (fails === `stop ${name}`) throw new Error(`${name} cannot stop`);
  },
});

interface SampleDeps {
  readonly diary: Diary;
  readonly fails: string | null;
  readonly slowAnswer: () => Promise<void>;
  readonly slowBuild: () => Promise<void>;
}

const deps: SampleDeps = {
  slowBuild: async () => undefined,
  diary: [],
  fails: null,
  slowAnswer: async () => undefined,
};

/** A service with everything that a service may have, which writes down what is done to it. */
export const sample = defineService({
  name: "billing",
  needs: { database: true, bus: "required" },
  config: z.object({ ...processFields("billing"), ...databaseFields, ...busFields, ...operatorFields }),
  deps,
  build: async ({ db, bus, onStop, deps: { diary, fails, slowAnswer, slowBuild } }) => {
    onStop("thing of the build", () => void diary.push(`release with the bus ${bus.isConnected() ? "there" : "gone"}`));
    await slowBuild();
    if (fails === "build") throw new Error("cannot be built");
    return {
      routes: [
        defineRoute({
          method: "get",
          path: "/slow",
          summary: "Answer when the test says so",
          auth: "none",
          responses: { 200: z.object({ rows: z.int() }) },
          errors: [],
          handler: async () => {
            diary.push("request");
            await slowAnswer();
            const { rows } = await db.raw<{ rows: unknown[] }>("select 1");
            diary.push("answer");
            return { status: 200, body: { rows: rows.length } };
          },
        }),
        defineRoute({
          method: "get",
          path: "/inside",
          summary: "For operators",
          auth: "operator",
          responses: { 200: z.object({ inside: z.literal(true) }) },
          errors: [],
          handler: async () => ({ status: 200, body: { inside: true } }),
        }),
      ],
      checks: {
        own: async () => {
          if (fails === "check") throw new AppError("overloaded");
        },
      },
      parts: { first: notedPart(diary, "first", fails), second: notedPart(diary, "second", fails) },
    };
  },
});
