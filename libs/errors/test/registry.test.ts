import { globSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { AppError } from "@topdog/errors/app-error";
import { renderErrorDocument } from "@topdog/errors/document";
import { errorCodes, errorRegistry } from "@topdog/errors/registry";

describe("the registry", () => {
  test("docs/errors.md holds every code of the registry, and none that the registry lacks", async () => {
    const page = await readFile(new URL("../../../docs/errors.md", import.meta.url), "utf8");
    const documented = [...page.matchAll(/<a id="(\w+)">/g)].map((match) => match[1]);
    expect(documented.toSorted()).toEqual(errorCodes.toSorted());
    expect(page).toBe(renderErrorDocument());
  });

  test("promises no code that nothing answers with", () => {
    const root = new URL("../../../", import.meta.url).pathname;
    const sources = globSync("{libs,services}/*/src/**/*.ts", {
      cwd: root,
      exclude: (path) => path.endsWith("registry.ts"),
    });
    const text = sources.map((path) => readFileSync(`${root}${path}`, "utf8")).join("");
    expect(errorCodes.filter((code) => !text.includes(`"${code}"`))).toEqual([]);
  });

  test("only what may succeed by itself is called retryable", () => {
    for (const code of errorCodes) {
      const { status, retryable } = errorRegistry[code];
      // 409: the official SDKs retry it too, as a call that is still under way.
      if (retryable)
        expect({ code, isTransientStatus: status >= 500 || [408, 409, 429].includes(status) }).toEqual({
          code,
          isTransientStatus: true,
        });
    }
    expect(errorRegistry.quota_exceeded.retryable).toBe(false);
  });

  test("titles and next steps are sentences", () => {
    for (const code of errorCodes) {
      expect(errorRegistry[code].title).toMatch(/^[A-Z].*\.$/);
      expect(errorRegistry[code].nextStep).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe("an AppError", () => {
  test("takes what is constant from the registry and keeps its cause", () => {
    const cause = new Error("ECONNREFUSED 10.0.0.7");
    const error = new AppError("upstream_unavailable", { cause });
    expect(error).toMatchObject({ code: "upstream_unavailable", status: 502, retryable: true, cause });
    expect(error.detail).toBe(errorRegistry.upstream_unavailable.title);
    expect(error.message).not.toContain("10.0.0.7");
  });

  test("a wait is whole seconds, rounded up, never negative", () => {
    expect(new AppError("overloaded", { retryAfterSeconds: 0.2 }).retryAfterSeconds).toBe(1);
    expect(new AppError("overloaded", { retryAfterSeconds: -3 }).retryAfterSeconds).toBe(0);
    expect(new AppError("overloaded").retryAfterSeconds).toBeUndefined();
  });
});
