import { randomBytes } from "node:crypto";
import { expect, test } from "@jest/globals";
import type { KeyWrapper, WrapContext } from "../src/key-wrapper.ts";

const context: WrapContext = { tenant: "org:org_1", id: "cred_1", version: "1" };

/** What every holder of key-encryption keys must do. `create` makes one whose keys differ from those of the others. */
export function testKeyWrapper(create: () => KeyWrapper): void {
  test("a data key comes back as it was, and the wrapped text names the current key", async () => {
    const keys = create();
    const dataKey = randomBytes(32);
    const wrapped = await keys.wrap(Buffer.from(dataKey), context);
    expect(wrapped.kid).toBe(keys.currentKid);
    expect((await keys.unwrap(wrapped, context)).equals(dataKey)).toBe(true);
    expect(Buffer.from(wrapped.wrapped).includes(dataKey)).toBe(false);
  });

  test("the order of a context's members does not matter, each name and value does", async () => {
    const keys = create();
    const wrapped = await keys.wrap(randomBytes(32), context);
    const reordered = Object.fromEntries(Object.entries(context).toReversed());
    expect(await keys.unwrap(wrapped, reordered)).toHaveLength(32);
    const others: WrapContext[] = [
      { ...context, tenant: "org:org_2" },
      { ...context, more: "" },
      { tenant: "org:org_1", id: "cred_1" },
      { tenant: "org:org_1", id: "1", version: "cred_1" },
    ];
    for (const other of others) {
      await expect(keys.unwrap(wrapped, other)).rejects.toMatchObject({ failure: "not_authentic" });
    }
  });

  test("the same key wrapped twice gives two texts", async () => {
    const keys = create();
    const dataKey = randomBytes(32);
    const texts = [await keys.wrap(dataKey, context), await keys.wrap(dataKey, context)];
    expect(texts[0]!.wrapped).not.toBe(texts[1]!.wrapped);
  });

  test("a key that another holder wrapped, or under a name that is not known, is refused with its reason", async () => {
    const keys = create();
    const wrapped = await keys.wrap(randomBytes(32), context);
    await expect(keys.unwrap({ ...wrapped, kid: "gone" }, context)).rejects.toMatchObject({ failure: "unknown_key" });
    const foreign = await create().wrap(randomBytes(32), context);
    await expect(keys.unwrap({ ...foreign, kid: keys.currentKid }, context)).rejects.toMatchObject({
      failure: "not_authentic",
    });
  });

  test("a text that was changed or cut anywhere is refused with its reason", async () => {
    const keys = create();
    const { kid, wrapped } = await keys.wrap(randomBytes(32), context);
    const bytes = Buffer.from(wrapped, "base64url");
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ 1;
      const cut = bytes.subarray(0, at).toString("base64url");
      await expect(keys.unwrap({ kid, wrapped: changed.toString("base64url") }, context)).rejects.toMatchObject({
        failure: "not_authentic",
      });
      await expect(keys.unwrap({ kid, wrapped: cut }, context)).rejects.toMatchObject({
        failure: expect.stringMatching(/malformed|not_authentic/),
      });
    }
  });
}
