/** Runs TypeScript sources as native ES modules; whole-platform suites are in e2e/. */
export default {
  testMatch: [
    "<rootDir>/{libs,services}/*/{src,test}/**/*.test.ts",
    "<rootDir>/{proofs,e2e,monitoring}/test/**/*.test.ts",
    "<rootDir>/{bench,scripts}/**/*.test.ts",
  ],
  testPathIgnorePatterns: ["/node_modules/", "/dist/", "/.topdog/"],
  modulePathIgnorePatterns: ["/.topdog/"],
  cacheDirectory: "<rootDir>/.topdog/jest-cache",
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "\\.ts$": ["@swc/jest", { jsc: { target: "es2024", parser: { syntax: "typescript" } }, module: { type: "es6" } }],
  },
  moduleNameMapper: { "^fast-check$": "<rootDir>/scripts/seeded-fast-check.mjs" },
  testEnvironmentOptions: { customExportConditions: ["@topdog/source", "node", "node-addons"] },
  globalSetup: "<rootDir>/scripts/jest-global-setup.mjs",
  globalTeardown: "<rootDir>/scripts/jest-global-teardown.mjs",
  testSequencer: "<rootDir>/scripts/gates/longest-first.ts",
  maxWorkers: 2,
  // Modules of suites that have ended are never given back: a worker would come to one and a half gigabytes.
  workerIdleMemoryLimit: "1GB",
  // It takes a second to give its memory back, on a slow machine longer.
  workerGracefulExitTimeout: 10_000,
  // What hangs is found out by its own bound: this one only ends a suite on a machine that is busy with something else.
  testTimeout: 120_000,
};
