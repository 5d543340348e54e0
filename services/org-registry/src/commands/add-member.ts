import { runProgram } from "@topdog/service/run-program";
import { Command, Option } from "commander";
import { type GivenRole, givenRoles } from "../domain/permissions.ts";
import { addMember } from "../usecases/add-member.ts";
import { runCommand } from "./run-command.ts";

interface Flags {
  readonly org: string;
  readonly user: string;
  readonly role: GivenRole;
  readonly seat: boolean;
}

await runProgram(
  new Command("add-member")
    .description(
      "Make a user a member of an org: only once they have agreed to it. Prints the member as one JSON line.",
    )
    .requiredOption("--org <orgId>", "the org")
    .requiredOption("--user <userId or email>", "who becomes a member")
    .addOption(new Option("--role <role>", "what they may do").choices(givenRoles).default("member"))
    .option("--no-seat", "without a seat: their keys for the org do not work until they get one")
    .action(async ({ org, user, role, seat }: Flags) => {
      await runCommand(async (deps) => {
        const who = user.includes("@") ? { email: user } : { userId: user };
        const { orgId, userId, email, active } = await addMember(deps, org, { who, role, active: seat });
        console.log(JSON.stringify({ orgId, userId, email, role, active }));
      });
    }),
);
