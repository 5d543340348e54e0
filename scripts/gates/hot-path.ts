import { isTest, problemsByLine, type SourceFile } from "./source-tree.ts";

const hotPath =
  /^(?:libs\/call-link|services\/gateway|services\/llm-router)\/src\/(?!app\.ts|commands\/|jobs\/|routes\/docs)/;
const functionAssigned = /[\w\])]\.#?\w+ (?:\?\?)?= (?:async )?(?:function\b|\w+ =>|\([^()]*\)(?:: [\w<>[\] |]+)? =>)/;
const message =
  "V8 makes a function that is written where a property is assigned in the old generation, with all that it holds: pass it, name it first, or keep an object";

/** What comes and goes with each call must be free for the next minor collection (ADR 75). */
export const findOldFunctions = (files: readonly SourceFile[]): string[] =>
  files
    .filter((file) => hotPath.test(file.path) && !isTest(file))
    .flatMap((file) => problemsByLine(file, functionAssigned, message));
