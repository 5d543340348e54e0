import { expect, test } from "@jest/globals";
import { nkeyAuthenticator, nkeys } from "@nats-io/transport-node";
import { busAuthenticator } from "./nkey.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const newSeed = (): string => new TextDecoder().decode(nkeys.createUser().getSeed());

test("a connection is proved by the same key and the same signature as the client's own authenticator gives", () => {
  for (let round = 0; round < 3; round += 1) {
    const [seed, nonce] = [newSeed(), `nonce-${round}`];
    const proof = busAuthenticator(seed)(nonce);
    expect(proof).toEqual(nkeyAuthenticator(bytesOf(seed))(nonce));
    expect(proof).toMatchObject({ nkey: expect.stringMatching(/^U[A-Z2-7]{55}$/) });
  }
});

test("what is no seed is refused, and nothing of it is said", () => {
  const seed = newSeed();
  const mistyped = seed.slice(0, 20) + (seed[20] === "A" ? "B" : "A") + seed.slice(21);
  for (const wrong of ["", seed.slice(1), `${seed}A`, mistyped, seed.toLowerCase(), "S".repeat(58), "😀"])
    expect(() => busAuthenticator(wrong)).toThrow(/^this is no seed of an nkey$/);
});
