// What every npm script starts: runs on any Node from 20 on, with npm only, and without node_modules. It gets the pinned
// package manager, the packages and a new enough Node, builds, and hands over to the task. npm's scripts call it.
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createSteps } from "./bootstrap/steps.mjs";
import { runTask } from "./bootstrap/task.mjs";
import { ensurePackages, ensurePnpm, nodeFolder } from "./bootstrap/toolchain.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = "--conditions=@topdog/source";

const tasks = {
  start: { entry: ["scripts/start.ts"], engines: true, web: true, show: true },
  dev: { entry: ["scripts/start.ts", "--watch"], engines: true, web: true, show: true },
  test: { entry: [source, "scripts/test.ts"], engines: true, web: true, show: true },
  simulate: { entry: [source, "proofs/simulation/main.ts"], engines: false, show: true },
  chaos: { entry: ["e2e/support/chaos-process.ts"], engines: true, show: true },
  mutate: { entry: [source, "scripts/mutate.ts"], engines: false, show: true },
  bench: { entry: ["bench/src/main.ts"], engines: true, show: true },
  generate: { entry: [source, "scripts/generate-documents.ts"], engines: false, show: false },
  release: { entry: ["scripts/release.ts"], engines: false, show: false },
  rules: { entry: [source, "scripts/check-rules.ts"], engines: false, show: true },
  smoke: { entry: ["scripts/billing-smoke.ts"], engines: false, show: false },
  topdog: { entry: ["scripts/topdog.ts"], engines: false, show: false },
  // It gets the engines itself, while the compilers are at work.
  rehearse: { entry: [source, "scripts/rehearse.ts"], engines: false, web: true, show: true },
  images: { entry: ["scripts/images.ts"], engines: false, show: true },
};

async function main([name, ...args]) {
  const task = tasks[name];
  if (task === undefined) throw new Error(`usage: node scripts/run.mjs ${Object.keys(tasks).join("|")} [arguments]`);
  if ((name === "start" || name === "dev") && helpWasAsked(args)) return 0;
  const steps = createSteps({ logFolder: join(root, ".topdog/logs"), show: task.show });
  const pnpm = await ensurePnpm({ root, steps });
  await ensurePackages({ root, steps, pnpm });
  const folder = nodeFolder(root);
  const PATH = [folder, join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  // Most of what tasks do is start processes, and most of a start is compiling.
  const NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? join(root, ".topdog/compile-cache");
  const env = { ...process.env, PATH, NODE_COMPILE_CACHE, TOPDOG_PNPM: pnpm };
  await prepare(task, steps, join(folder, "node"), { cwd: root, env });
  return runTask(join(folder, "node"), ["--disable-warning=ExperimentalWarning", ...task.entry, ...args], {
    root,
    env,
  });
}

/** The builds and nats-server's download wait for different things: the compilers and the network. */
async function prepare(task, steps, node, options) {
  const build = steps.run("build", "tsc", ["-b"], options);
  const engines = task.engines
    ? steps.run("get nats-server", node, [source, "scripts/get-nats-server.ts"], options)
    : null;
  const web = task.web ? steps.run("build the web app", node, [source, "services/web/build/build.ts"], options) : null;
  await Promise.all([build, engines, web]);
}

function readFlags(args, options) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Error(`${error.message}\nnpm start -- --help lists the flags.`, { cause: error });
  }
}

/** Checks the flags before anything is installed for them; prints the help when asked. */
function helpWasAsked(args) {
  const options = JSON.parse(readFileSync(join(root, "scripts/start-options.json"), "utf8"));
  if (!readFlags(args, options).help) return false;
  console.log("npm start: the whole platform on this machine\n\n  npm start -- [flags]\n");
  for (const [flag, { type, default: standard, meaning }] of Object.entries(options)) {
    const form = type === "string" ? `--${flag} <${standard}>` : `--${flag}`;
    console.log(`  ${form.padEnd(34)}${meaning}`);
  }
  console.log(
    "\nCtrl-C stops everything, twice at once. OPENAI_API_KEY, ANTHROPIC_API_KEY and the like make it use real providers.",
  );
  return true;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
