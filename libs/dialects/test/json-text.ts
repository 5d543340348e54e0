import fc from "fast-check";

const space = fc.stringMatching(/^[ \n\r\t]{0,2}$/);
/** Numbers of all the forms that JSON allows, also beyond what a double holds. */
const numberText = fc.stringMatching(/^-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?$/);
const escapeText = fc.oneof(fc.stringMatching(/^\\["\\/bfnrt]$/), fc.stringMatching(/^\\u[0-9a-fA-F]{4}$/));
const plainText = fc.string({ unit: "grapheme" }).map((text) => JSON.stringify(text).slice(1, -1));
const stringText = fc.array(fc.oneof(plainText, escapeText), { maxLength: 4 }).map((parts) => `"${parts.join("")}"`);

const list = (items: readonly string[], open: string, close: string): string => `${open}${items.join(",")}${close}`;
/** Once JSON.parse of V8 13.6 has seen the key `\\`, it reads the next key that begins with an escape as that one. */
const isLoneBackslash = (name: string): boolean => JSON.parse(`"${name}"`) === "\\";
const nameText = fc
  .array(fc.oneof(fc.stringMatching(/^[a-z_é日]{1,3}$/), escapeText), { maxLength: 2 })
  .map((parts) => parts.join(""))
  .filter((name) => !isLoneBackslash(name));
const nameOf = (member: string): unknown => JSON.parse(member.slice(0, member.indexOf('":') + 1));

/** Any JSON text whose objects have no key twice, with odd numbers, escapes and white space anywhere. */
export const { jsonText, objectText } = fc.letrec<{ jsonText: string; objectText: string; member: string }>((tie) => ({
  member: fc.tuple(nameText, tie("jsonText")).map(([name, value]) => `"${name}":${value}`),
  objectText: fc
    .tuple(space, fc.uniqueArray(tie("member"), { maxLength: 5, selector: nameOf }))
    .map(([between, members]) => list(members, `{${between}`, `${between}}`)),
  jsonText: fc
    .tuple(
      space,
      fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.oneof(numberText, stringText, fc.constantFrom("true", "false", "null")),
        tie("objectText"),
        fc.tuple(space, fc.array(tie("jsonText"), { maxLength: 4 })).map(([gap, items]) => list(items, `[${gap}`, "]")),
      ),
      space,
    )
    .map((parts) => parts.join("")),
}));
