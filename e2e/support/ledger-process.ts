import { readFileSync } from "node:fs";
import { holdAgainstLedger } from "./findings.ts";
import type { Observation } from "./load.ts";

/** Holds the journal of the load against quota's ledger and prints what does not fit. */
const [journal, databaseUrl] = process.argv.slice(2);
if (journal === undefined || databaseUrl === undefined)
  throw new Error("usage: ledger-process.ts <journal> <database URL>");
const { observations } = JSON.parse(readFileSync(journal, "utf8")) as { observations: Observation[] };
const findings = await holdAgainstLedger({ quotaDatabaseUrl: databaseUrl }, { observations });
process.stdout.write(JSON.stringify(findings));
