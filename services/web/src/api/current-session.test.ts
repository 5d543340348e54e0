import { expect, test } from "@jest/globals";
import { currentSession } from "./current-session.ts";
import { Problem } from "./problem.ts";

const notSignedIn = () => new Problem({ code: "not_signed_in", title: "Not signed in", status: 401 });

/** A browser whose session is another one once a change is answered. */
function browser({ after }: { readonly after: string | null }) {
  const has = { token: "old" as string | null };
  const asked: (string | null)[] = [];
  return {
    asked,
    token: () => has.token,
    ask: async () => {
      asked.push(has.token);
      if (has.token === "old") throw notSignedIn();
      return has.token;
    },
    changesAnswered: async () => {
      has.token = after;
    },
  };
}

test("a session that ended because another one took its place is asked for again", async () => {
  const page = browser({ after: "new" });
  expect(await currentSession(page)).toBe("new");
  expect(page.asked).toEqual(["old", "new"]);
});

test("a session that ended is over, also when its cookies are gone by then", async () => {
  expect(await currentSession(browser({ after: "old" }))).toBeNull();
  expect(await currentSession(browser({ after: null }))).toBeNull();
});

test("without cookies of a session nothing is asked, and what else goes wrong is thrown", async () => {
  const visitor = { ...browser({ after: null }), token: () => null };
  expect(await currentSession(visitor)).toBeNull();
  expect(visitor.asked).toEqual([]);
  const ask = () => Promise.reject(new Error("away"));
  await expect(currentSession({ ...browser({ after: null }), ask })).rejects.toThrow("away");
});
