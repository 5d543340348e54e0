import type { OpenApiDocument } from "@topdog/http-kit/openapi";

/** The parts of JSON Schema that our routes use. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly default?: unknown;
  readonly description?: string;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: Content & { readonly required?: boolean };
  readonly responses: Readonly<Record<string, Content>>;
}

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;
const opening = `// Generated from the OpenAPI document by npm run generate. What openapi-fetch reads: every path with what it takes and answers.
`;

/** What is sent may lack what has a default; what is received has it. */
type Direction = "sent" | "received";

/** The account API's types for its browser client, as one module of declarations. */
export function buildClientTypes(document: OpenApiDocument): string {
  const { paths, components } = document as unknown as {
    readonly paths: Readonly<Record<string, Readonly<Partial<Record<string, Operation>>>>>;
    readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
  };
  const named = new Map<string, string>();
  const nameOf = (ref: string): string => {
    const name = ref.slice(ref.lastIndexOf("/") + 1);
    if (!named.has(name)) {
      named.set(name, "");
      named.set(name, typeOf(components?.schemas?.[name] ?? {}, "received", nameOf));
    }
    return name;
  };
  const entries = Object.entries(paths)
    .filter(([path]) => path.startsWith("/api/"))
    .map(([path, item]) => `  ${JSON.stringify(path)}: {\n${operationsOf(item, nameOf)}  };\n`);
  const schemas = [...named].map(([name, type]) => `export type ${name} = ${type};\n`);
  return `${opening}\n${schemas.join("\n")}\nexport interface paths {\n${entries.join("")}}\n`;
}

function operationsOf(item: Readonly<Partial<Record<string, Operation>>>, nameOf: (ref: string) => string): string {
  const lines = methods.map((method) => {
    const operation = item[method];
    return `    ${method}${operation === undefined ? "?: never;" : `: ${operationType(operation, nameOf)};`}\n`;
  });
  return lines.join("");
}

function operationType(operation: Operation, nameOf: (ref: string) => string): string {
  const { parameters = [], requestBody, responses } = operation;
  const groups = ["query", "header", "path", "cookie"].map((place) => {
    const members = parameters.filter((one) => one.in === place);
    if (members.length === 0) return `${place}?: never`;
    const isNeeded = members.some(({ required }) => required === true);
    const types = members.map(
      ({ name, required, schema = {} }) =>
        `${JSON.stringify(name)}${required === true ? "" : "?"}: ${typeOf(schema, "sent", nameOf)}`,
    );
    return `${place}${isNeeded ? "" : "?"}: { ${types.join("; ")} }`;
  });
  const body =
    requestBody === undefined
      ? "requestBody?: never"
      : `requestBody${requestBody.required === true ? "" : "?"}: ${contentType(requestBody, "sent", nameOf)}`;
  const successes = Object.entries(responses).filter(([status]) => status.startsWith("2"));
  const answers = successes.map(
    ([status, answer]) => `${status}: { headers: Record<string, unknown>; ${contentMember(answer, nameOf)} }`,
  );
  const failure = `default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } }`;
  return `{ parameters: { ${groups.join("; ")} }; ${body}; responses: { ${[...answers, failure].join("; ")} } }`;
}

const contentMember = (answer: Content, nameOf: (ref: string) => string): string =>
  answer.content === undefined
    ? "content?: never"
    : `content: ${contentType(answer, "received", nameOf).slice(11, -2)}`;

function contentType({ content = {} }: Content, direction: Direction, nameOf: (ref: string) => string): string {
  const types = Object.entries(content).map(
    ([type, { schema = {} }]) => `${JSON.stringify(type)}: ${typeOf(schema, direction, nameOf)}`,
  );
  return `{ content: { ${types.join("; ")} } }`;
}

function typeOf(schema: Schema, direction: Direction, nameOf: (ref: string) => string): string {
  const inner = (one: Schema): string => typeOf(one, direction, nameOf);
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return [...new Set(either.map(inner))].map(bracketed).join(" | ");
  if (schema.allOf !== undefined) return intersection([...schema.allOf, { ...schema, allOf: undefined }].map(inner));
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => inner({ ...schema, type })).join(" | ");
  switch (schema.type) {
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "array":
      return `${bracketed(inner(schema.items ?? {}))}[]`;
    case "object":
      return objectType(schema, direction, inner);
    default:
      return "unknown";
  }
}

/** Parts that only narrow a format say nothing to the compiler. */
function intersection(types: readonly string[]): string {
  const known = types.filter((type) => type !== "unknown");
  return known.length === 0 ? "unknown" : [...new Set(known)].map(bracketed).join(" & ");
}

const bracketed = (type: string): string => (type.includes(" | ") || type.includes(" & ") ? `(${type})` : type);

function objectType(
  { properties = {}, required = [], additionalProperties }: Schema,
  direction: Direction,
  inner: (one: Schema) => string,
): string {
  const members = Object.entries(properties).map(([name, schema]) => {
    const isThere = required.includes(name) && !(direction === "sent" && schema.default !== undefined);
    return `${JSON.stringify(name)}${isThere ? "" : "?"}: ${inner(schema)}`;
  });
  if (members.length > 0) return `{ ${members.join("; ")} }`;
  if (typeof additionalProperties === "object") return `Record<string, ${inner(additionalProperties)}>`;
  return "Record<string, unknown>";
}
