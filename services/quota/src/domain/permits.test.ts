import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { permitsFor } from "./permits.ts";

const owner = "user:usr_1";
const count = fc.integer({ min: 0, max: 20 });

test("gateways that ask one after the other never hold more than the limit together, and running calls keep theirs", () => {
  const asks = fc.array(
    fc.record({ gateway: fc.integer({ min: 0, max: 3 }), ends: count, returns: fc.boolean(), want: count }),
    { maxLength: 60, size: "max" },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), asks, (limit, steps) => {
      const held = [0, 0, 0, 0];
      const running = [0, 0, 0, 0];
      for (const { gateway, ends, returns, want } of steps) {
        const others = held.reduce((sum, one, index) => (index === gateway ? sum : sum + one), 0);
        running[gateway] = Math.max(0, (running[gateway] ?? 0) - ends);
        const mine = {
          owner,
          running: running[gateway],
          held: returns ? running[gateway] : (held[gateway] ?? 0),
          want,
        };
        held[gateway] = permitsFor(mine, limit, others);
        running[gateway] = held[gateway];
        expect(held.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(limit);
      }
    }),
  );
});

test("a lowered limit takes back what no call uses", () => {
  expect(permitsFor({ owner, running: 2, held: 5, want: 0 }, 3, 0)).toBe(3);
  expect(permitsFor({ owner, running: 4, held: 5, want: 1 }, 3, 0)).toBe(4);
});
