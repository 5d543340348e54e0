import { argon2, type Argon2Parameters, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { AppError } from "@topdog/errors/app-error";

/** What one guess costs: the first of the parameters that OWASP recommends for Argon2id. */
export interface HashCost {
  readonly memoryKib: number;
  readonly passes: number;
}
export const productionCost: HashCost = { memoryKib: 19_456, passes: 2 };

const hash = promisify(argon2) as (algorithm: "argon2id", parameters: Argon2Parameters) => Promise<Buffer>;
const hashBytes = 32;
const saltBytes = 16;
/** Hashes at once, each with a thread and its memory; and how many may wait for one. */
const maxRunning = 2;
const maxWaiting = 64;

export interface PasswordHashes {
  create(password: string): Promise<string>;
  /** Takes as long without a stored hash, and then says no. */
  verify(password: string, stored: string | null): Promise<boolean>;
}

/** Passwords as PHC strings: `$argon2id$v=19$m=…,t=…,p=1$salt$hash`. Throws AppError `overloaded` when too many are under way. */
export function createPasswordHashes(cost: HashCost): PasswordHashes {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function derive(password: string, nonce: Buffer, { memoryKib, passes }: HashCost): Promise<Buffer> {
    if (running >= maxRunning) {
      if (waiting.length >= maxWaiting) throw new AppError("overloaded", { retryAfterSeconds: 1 });
      await new Promise<void>((resolve) => void waiting.push(resolve));
    } else running += 1;
    try {
      const message = Buffer.from(password.normalize("NFKC"));
      return await hash("argon2id", {
        message,
        nonce,
        parallelism: 1,
        tagLength: hashBytes,
        memory: memoryKib,
        passes,
      });
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  return {
    create: async (password) => {
      const salt = randomBytes(saltBytes);
      const derived = await derive(password, salt, cost);
      return `$argon2id$v=19$m=${cost.memoryKib},t=${cost.passes},p=1$${toText(salt)}$${toText(derived)}`;
    },
    verify: async (password, stored) => {
      const parsed = stored === null ? null : parse(stored);
      if (parsed === null) {
        await derive(password, randomBytes(saltBytes), cost);
        return false;
      }
      return timingSafeEqual(await derive(password, parsed.salt, parsed.cost), parsed.derived);
    },
  };
}

const toText = (bytes: Buffer): string => bytes.toString("base64").replaceAll("=", "");

function parse(stored: string): { cost: HashCost; salt: Buffer; derived: Buffer } {
  const found = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$([\w+/]+)\$([\w+/]+)$/.exec(stored);
  if (found === null) throw new Error("a stored password hash cannot be read");
  const [, memory, passes, salt = "", derived = ""] = found;
  return {
    cost: { memoryKib: Number(memory), passes: Number(passes) },
    salt: Buffer.from(salt, "base64"),
    derived: Buffer.from(derived, "base64"),
  };
}
