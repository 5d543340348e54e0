import { containerImages } from "@topdog/local-stack/pins";
import type { StartedTestContainer } from "testcontainers";

const natsConfigFile = "/etc/nats/test.conf";
const password = "test";

/** The last resort of a machine without local engines; fails when there is no container engine either. */
export async function containerPostgres(): Promise<string> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const container = await new GenericContainer(containerImages.postgres)
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start();
  return `postgres://postgres:${password}@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
}

/** A fixed host port, so that the address stays the same over a restart. */
export async function containerNats(
  hostPort: number,
  access: string,
): Promise<{ url: string; container: StartedTestContainer }> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const container = await new GenericContainer(containerImages.nats)
    .withCopyContentToContainer([{ content: `jetstream { store_dir: "/data" }\n${access}`, target: natsConfigFile }])
    .withCommand(["-c", natsConfigFile])
    .withExposedPorts({ container: 4222, host: hostPort })
    .withWaitStrategy(Wait.forLogMessage(/Server is ready/))
    .start();
  return { url: `nats://${container.getHost()}:${hostPort}`, container };
}
