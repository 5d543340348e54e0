import { type Express, json } from "express";
import { z } from "zod";
import type { CallLog } from "../domain/call-log.ts";
import { type FaultPlan, faultsSchema } from "../domain/faults.ts";

/** `/_faults` and `/_log`: how a test breaks this provider, and compares its own account of calls with others'. */
export function mountControl(app: Express, deps: { faults: FaultPlan; log: CallLog }): void {
  app.get("/_faults", (_req, res) => void res.json(deps.faults.current()));
  app.delete("/_faults", (_req, res) => {
    deps.faults.set(null);
    res.sendStatus(204);
  });
  app.put("/_faults", json({ limit: "16kb" }), (req, res) => {
    const parsed = faultsSchema.safeParse(req.body);
    if (parsed.success) {
      deps.faults.set(parsed.data);
      res.json(parsed.data);
    } else {
      res.status(400).json({ problem: z.prettifyError(parsed.error) });
    }
  });
  app.get("/_log", (_req, res) => void res.json({ totals: deps.log.totals(), entries: deps.log.entries() }));
  app.delete("/_log", (_req, res) => {
    deps.log.clear();
    res.sendStatus(204);
  });
}
