import type { Express, Request, Response } from "express";
import { dialects } from "@topdog/dialects/dialects";
import { modelsOperation } from "@topdog/dialects/models";
import { errorHandler } from "@topdog/http-kit/error-handler";
import { errorRenderer } from "@topdog/http-kit/send-error";
import type { Logger } from "@topdog/telemetry/logger";
import type { CallDeps } from "../usecases/call.ts";
import type { AdmissionDeps } from "./admitted-call.ts";
import { markUnmetered } from "./http-answer.ts";
import { modelCalls } from "./model-calls.ts";
import { modelById, modelList } from "./models.ts";

export interface MountCallsDeps {
  readonly logger: Logger;
  readonly admission: AdmissionDeps;
  readonly calls: CallDeps;
  readonly maxBodyBytes: number;
  readonly maxCalls: number;
}

/** The hot routes: before every middleware and any body parser. */
export function mountCalls(app: Express, deps: MountCallsDeps): void {
  const { logger, admission, calls } = deps;
  const handlerOf = modelCalls(deps);
  for (const dialect of dialects) {
    const handleError = errorHandler({ render: errorRenderer(dialect.errors), logger });
    const onError = (error: unknown, req: Request, res: Response): void => {
      void handleError(error, req, res, () => undefined);
    };
    app.post([...dialect.paths], handlerOf(dialect, onError));
  }
  const [list, byId] = modelsOperation.paths;
  app.get(list, modelList({ admission, models: calls }));
  app.get(byId, modelById({ admission, models: calls }));
}

/** Whatever else is asked was not recorded here: the gateway that charged it must know. */
export function mountUnmetered(app: Express): void {
  app.use((_req, res, next) => {
    markUnmetered(res);
    next();
  });
}
