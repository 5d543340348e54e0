import { writeFileSync } from "node:fs";

/**
 * Writes Jest's counts, and each suite's seconds, to the file that TOPDOG_TEST_COUNTS names. Jest's own --json is written after the global teardown,
 * so it is missing exactly when the teardown found a leak.
 */
export default class CountReporter {
  onRunComplete(
    _contexts,
    { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites, testResults },
  ) {
    const suites = testResults.map(({ testFilePath, perfStats }) => ({
      path: testFilePath,
      durationMs: perfStats.end - perfStats.start,
    }));
    const counts = { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites, suites };
    writeFileSync(process.env["TOPDOG_TEST_COUNTS"], JSON.stringify(counts));
  }
}
