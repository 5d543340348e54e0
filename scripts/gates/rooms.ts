import { childFolders, type SourceFile } from "./source-tree.ts";

const roomFiles = ["README.md", "src/main.ts", "src/instrumentation.ts", "src/config.ts", "src/app.ts"];
const rooms = [
  "routes",
  "responders",
  "consumers",
  "broadcasts",
  "jobs",
  "usecases",
  "domain",
  "store",
  "clients",
  "commands",
];
const rootFiles = new Set(["main.ts", "instrumentation.ts", "config.ts", "app.ts", "metrics.ts"]);
const maxMainLines = 40;
const readmeSections = ["Owns", "Does not own", "Publishes", "Consumes", "Config", "SLO"];

/** The web app is no process: a site that the gateway serves, with rooms of its own. */
export const webApp = "web";
const webRooms = ["api", "copy", "domain", "pages", "style", "ui"];
const webRootFiles = new Set(["client.tsx", "prerender.tsx", "routes.tsx", "early.js"]);

/** A page is a folder of its own; what people read stands in `copy`. */
function findWebProblems(files: readonly SourceFile[]): string[] {
  const base = `services/${webApp}/src/`;
  return files
    .filter((file) => file.path.startsWith(base))
    .filter((file) => {
      const [room = "", ...rest] = file.path.slice(base.length).split("/");
      return rest.length === 0 ? !webRootFiles.has(room) : !webRooms.includes(room);
    })
    .map((file) => `${file.path}: not in a room (${webRooms.join(", ")})`);
}

function findServiceProblems(files: readonly SourceFile[], service: string): string[] {
  const base = `services/${service}/`;
  const own = files.filter((file) => file.path.startsWith(base));
  const problems = roomFiles
    .filter((room) => !own.some((file) => file.path === base + room))
    .map((room) => `${base}${room}: missing, every service has it`);
  for (const file of own.filter((one) => one.path.startsWith(`${base}src/`))) {
    const [room = "", ...rest] = file.path.slice(`${base}src/`.length).split("/");
    const known = rest.length === 0 ? rootFiles.has(room) : rooms.includes(room);
    if (!known && !room.endsWith(".test.ts")) problems.push(`${file.path}: not in a room (${rooms.join(", ")})`);
  }
  const main = own.find((file) => file.path === `${base}src/main.ts`);
  const mainLines = main === undefined ? 0 : main.text.split("\n").length - 1;
  if (mainLines > maxMainLines) problems.push(`${base}src/main.ts: ${mainLines} lines, at most ${maxMainLines}`);
  problems.push(...findMigrationProblems(base, own));
  const readme = own.find((file) => file.path === `${base}README.md`)?.text.toLowerCase();
  for (const section of readme === undefined ? [] : readmeSections) {
    if (!readme?.includes(section.toLowerCase())) problems.push(`${base}README.md: says nothing about "${section}"`);
  }
  return problems;
}

/** Migrations have a committed result, and a test that compares the two. */
function findMigrationProblems(base: string, own: readonly SourceFile[]): string[] {
  if (!own.some((file) => /\/migrations\/\d{6}_\w+\.sql$/.test(file.path))) return [];
  const schema = `${base}migrations/schema.sql`;
  const committed = own.some((file) => file.path === schema);
  const tested = own.some((file) => file.path.endsWith(".test.ts") && file.text.includes("schema.sql"));
  return [
    ...(committed ? [] : [`${schema}: missing, the migrations' result is committed`]),
    ...(tested ? [] : [`${base}test: no test compares migrations with schema.sql`]),
  ];
}

/** Every service has the same rooms, every library one job and a README. */
export function findRoomProblems(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  const libraries = childFolders(files, "libs").flatMap((library) =>
    paths.has(`libs/${library}/README.md`) ? [] : [`libs/${library}/README.md: missing, every library has one`],
  );
  const barrels = files
    .filter((file) => /^(?:libs|services)\/[^/]+\/src\/(?:.*\/)?index\.ts$/.test(file.path))
    .map((file) => `${file.path}: a barrel; export by path`);
  const services = childFolders(files, "services")
    .filter((service) => service !== webApp)
    .flatMap((service) => findServiceProblems(files, service));
  return [...libraries, ...barrels, ...services, ...findWebProblems(files)];
}
