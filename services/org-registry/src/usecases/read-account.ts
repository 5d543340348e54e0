import { AppError } from "@topdog/errors/app-error";
import { type AccountFacts, findAccountFacts } from "../store/accounts.ts";
import { read, type RegistryDeps } from "./change.ts";

/** What a person sees of their own account. */
export async function readAccount({ db }: RegistryDeps, userId: string): Promise<AccountFacts> {
  const account = await read(db, { userId }, (trx) => findAccountFacts(trx, userId));
  if (account === null) throw new AppError("not_signed_in");
  return account;
}
