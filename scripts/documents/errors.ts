import { errorCodes, errorRegistry } from "@topdog/errors/registry";

/** Every error that a caller can meet, as the web app's page of them shows it. */
export const buildErrors = (): unknown => errorCodes.map((code) => ({ code, ...errorRegistry[code] }));
