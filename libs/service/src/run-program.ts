import { AppError } from "@topdog/errors/app-error";
import { type Command, CommanderError } from "commander";

/** Of every command for operators. `refused` too where something was looked for and is not as it must be: the command says so itself. */
export const exitCodes = { done: 0, refused: 1, wrongUseOrFailure: 2 } as const;

/** Also of commands within commands: they would end the process with 1 themselves. */
function throwOnWrongUse(program: Command): void {
  program.exitOverride();
  for (const command of program.commands) throwOnWrongUse(command);
}

/** The whole of an operator's command: does what the arguments say, and tells by the exit code how it ended. */
export async function runProgram(program: Command, argv: readonly string[] = process.argv): Promise<void> {
  throwOnWrongUse(program);
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    // Commander has said what is wrong, or has shown the help that was asked for.
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUseOrFailure;
      return;
    }
    const isRefused = error instanceof AppError;
    const said = isRefused ? error.detail : error instanceof Error ? error.message : String(error);
    process.stderr.write(`error: ${said}\n`);
    process.exitCode = isRefused ? exitCodes.refused : exitCodes.wrongUseOrFailure;
  }
}
