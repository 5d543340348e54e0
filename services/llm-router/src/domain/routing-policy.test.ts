import { describe, expect, test } from "@jest/globals";
import { AppError } from "@topdog/errors/app-error";
import { limitsFor, noPolicy, permits, readSegment, type RoutingPolicy } from "./routing-policy.ts";
import { modelTable } from "./model-table.ts";

const usual = { firstContentMs: 120_000, plainAnswerMs: 600_000, interChunkMs: 120_000 };
const may = (
  policy: Partial<RoutingPolicy>,
  upstream: string,
  segment: "general" | "medical" | "scientific",
  ...tenants: string[]
) => permits({ ...noPolicy, ...policy }, { tenants, segment }, upstream, "m");

describe("who may serve a call", () => {
  test("sensitive data goes to the upstreams that were named for it, and without a name to none but sandboxes", () => {
    const segments = { medical: ["azure-openai"] };
    expect(may({ segments }, "azure-openai", "medical")).toBe(true);
    expect(may({ segments }, "openai", "medical")).toBe(false);
    expect(may({ segments }, "azure-openai", "scientific")).toBe(false);
    expect(may({}, "openai", "medical")).toBe(false);
    expect(may({}, "sandbox-a", "medical")).toBe(true);
    expect(may({ segments }, "openai", "general")).toBe(true);
  });

  test("an org's rules and a user's count together, and nobody else's do", () => {
    const tenants = {
      "org:o": { allowUpstreams: ["openai"] },
      "user:u": { denyModels: ["m"] },
      "user:v": { allowModels: ["x"] },
    };
    expect(may({ tenants }, "openai", "general", "org:o", "user:w")).toBe(true);
    expect(may({ tenants }, "groq", "general", "org:o", "user:w")).toBe(false);
    expect(may({ tenants }, "openai", "general", "org:o", "user:u")).toBe(false);
    expect(may({ tenants }, "openai", "general", "user:v")).toBe(false);
    expect(may({ tenants }, "groq", "general", "user:w")).toBe(true);
    expect(may({ tenants: { "org:o": { denyUpstreams: ["groq"] } } }, "groq", "general", "org:o")).toBe(false);
  });

  test("a segment that does not exist is the caller's mistake", () => {
    expect([readSegment(undefined), readSegment(" Medical ")]).toEqual(["general", "medical"]);
    for (const wrong of ["", "secret", "medical,general"]) expect(() => readSegment(wrong)).toThrow(AppError);
  });
});

describe("how long a model may take", () => {
  const find = (id: string) => [...modelTable.openai, ...modelTable.groq].find((model) => model.id === id)!;

  test("models that think get minutes until their first content, others what is usual", () => {
    expect(limitsFor(noPolicy, find("o3"), usual).firstContentMs).toBe(300_000);
    expect(limitsFor(noPolicy, find("gpt-4o"), usual)).toEqual(usual);
    expect(limitsFor(noPolicy, find("o3"), { ...usual, firstContentMs: 400_000 }).firstContentMs).toBe(400_000);
  });

  test("is what the last rule that fits says, and what it leaves out stays", () => {
    const limits = [
      { family: "llama", firstContentMs: 9000 },
      { model: "llama-3.1-8b-instant", firstContentMs: 2000, interChunkMs: 1000 },
    ];
    const policy = { ...noPolicy, limits };
    expect(limitsFor(policy, find("llama-3.1-8b-instant"), usual)).toEqual({
      ...usual,
      firstContentMs: 2000,
      interChunkMs: 1000,
    });
    expect(limitsFor(policy, find("llama-3.3-70b-versatile"), usual).firstContentMs).toBe(9000);
    expect(limitsFor(policy, find("gpt-4o"), usual)).toEqual(usual);
  });
});
