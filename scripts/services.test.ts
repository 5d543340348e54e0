import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { configTable } from "@topdog/config/describe";
import { serviceNames, services, standIns } from "@topdog/contracts/services";
import type { z } from "zod";
import { webApp } from "./gates/rooms.ts";

interface ConfigModule {
  readonly configSchema: z.ZodObject;
}

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const all = [...services, ...standIns];

test.each(all.map(({ name }) => name))(
  "the README of %s lists every variable with its meaning and default",
  async (name) => {
    const { configSchema } = (await import(`../services/${name}/src/config.ts`)) as ConfigModule;
    expect(read(`services/${name}/README.md`)).toContain(configTable(configSchema));
  },
);

describe("the list of services in contracts", () => {
  test("names each folder of services/ but the web app's, and nothing else", () => {
    const folders = [...all.map(({ name }) => name), webApp];
    expect(readdirSync(join(root, "services")).toSorted()).toEqual(folders.toSorted());
  });

  test("says of each whether it stores: a service with migrations, and no other", () => {
    const storing = all.filter(({ name }) => readdirSync(join(root, "services", name)).includes("migrations"));
    expect(storing.map(({ name }) => name)).toEqual(all.filter(({ stores }) => stores).map(({ name }) => name));
  });

  test("gives each port once", () => {
    const ports = all.flatMap(({ httpPort, opsPort }) => [httpPort, opsPort]);
    expect(new Set(ports).size).toBe(ports.length);
  });

  test("is what the compiler builds, what the architecture describes, and what npm start has ports for", () => {
    const { references } = JSON.parse(read("tsconfig.json")) as { references: { path: string }[] };
    const built = references.filter(({ path }) => path.startsWith("services/")).map(({ path }) => path.split("/")[1]);
    expect(built.toSorted()).toEqual(all.map(({ name }) => name).toSorted());
    const architecture = read("ARCHITECTURE.md");
    for (const name of serviceNames) expect(architecture).toContain(`[README](services/${name}/README.md)`);
    const options = JSON.parse(read("scripts/start-options.json")) as Record<string, { default: string } | undefined>;
    for (const { name, httpPort, opsPort } of services) {
      expect(options[`port-${name}`]).toMatchObject({ default: String(httpPort) });
      expect(options[`port-${name}-ops`]).toMatchObject({ default: String(opsPort) });
    }
  });
});
