/**
 * What every suite gets for `fast-check` (jest.config.mjs): the same cases in every run of `npm test`, and others with SEED, as each
 * night's. A test that states a seed of its own keeps it.
 */
// By its file: the name alone would lead back here.
import fc from "../node_modules/fast-check/lib/fast-check.js";

fc.configureGlobal({ seed: Number(process.env.SEED ?? 1) });

export * from "../node_modules/fast-check/lib/fast-check.js";
export default fc;
