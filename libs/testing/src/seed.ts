/**
 * What a suite plays at random follows from it. It is the same in every run of `npm test`, so that nothing but what a commit changed
 * can refuse it; SEED is another one, as each night's.
 */
export const seed = Number(process.env["SEED"] ?? 1);
