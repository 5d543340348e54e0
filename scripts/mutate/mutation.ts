/** One small, wrong change of the core, and the tests that must notice it. */
export interface Mutation {
  /** What the code would then do. */
  readonly name: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** Paths of test files, as `npm test -- --only` takes them. */
  readonly tests: readonly string[];
}
