import { expect, test } from "@jest/globals";
import { buildOpenApi } from "@topdog/http-kit/openapi";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";

const route = defineRoute({
  method: "patch",
  path: "/api/keys/:keyId",
  summary: "Rename a key",
  auth: "account",
  params: z.object({ keyId: z.string() }),
  body: z.object({ name: z.string().min(1) }),
  responses: { 200: z.object({ id: z.string() }), 204: z.undefined() },
  errors: ["not_found", "owner_only"],
  handler: async () => ({ status: 204, body: undefined }),
});

test("the document says what the mounted route does: input, answers, errors and the key it needs", () => {
  const document = buildOpenApi({ title: "Top Dog", routes: [route] });
  expect(document.openapi).toMatch(/^3\.1/);
  expect(document.components?.securitySchemes?.["ApiKey"]).toMatchObject({ type: "http", scheme: "bearer" });
  const operation = document.paths?.["/api/keys/{keyId}"]?.patch;
  expect(operation).toMatchObject({
    operationId: "patchApiKeysKeyId",
    security: [{ ApiKey: [] }, { Session: [] }],
    parameters: [{ in: "path", name: "keyId", required: true }],
    requestBody: { content: { "application/json": { schema: { additionalProperties: false, required: ["name"] } } } },
  });
  const responses = operation?.responses ?? {};
  expect(Object.keys(responses).toSorted()).toEqual([
    "200",
    "204",
    "400",
    "401",
    "403",
    "404",
    "408",
    "413",
    "415",
    "429",
    "431",
    "500",
    "503",
  ]);
  expect(responses["403"]).toMatchObject({
    content: {
      "application/problem+json": {
        schema: {
          allOf: [
            { $ref: "#/components/schemas/Problem" },
            { properties: { code: { enum: ["csrf_refused", "owner_only"] } } },
          ],
        },
      },
    },
  });
});
