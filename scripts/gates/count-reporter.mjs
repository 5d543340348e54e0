import { writeFileSync } from "node:fs";

/**
 * Writes Jest's counts to the file that TOPDOG_TEST_COUNTS names. Jest's own --json is written after the global teardown,
 * so it is missing exactly when the teardown found a leak.
 */
export default class CountReporter {
  onRunComplete(
    _contexts,
    { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites },
  ) {
    const counts = { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites };
    writeFileSync(process.env["TOPDOG_TEST_COUNTS"], JSON.stringify(counts));
  }
}
