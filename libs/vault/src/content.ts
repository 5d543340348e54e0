import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { decryptBytes, encryptBytes, keyBytes } from "./aead.ts";
import { contextBytes, type KeyWrapper, type WrapContext, type WrappedKey } from "./key-wrapper.ts";
import { VaultError } from "./vault-error.ts";

/** A tenant's content under a data key of its own. */
export interface SealedContent extends WrappedKey {
  readonly sealed: Buffer;
}

/** The one record that it opens for. */
export interface ContentPlace {
  readonly purpose: string;
  readonly owner: string;
  readonly name: string;
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const contextOf = ({ purpose, owner, name }: ContentPlace): WrapContext => ({
  purpose: `topdog-${purpose}`,
  owner,
  name,
});

/** Compressed, then sealed: what the compressed length tells is known to whoever reads the record's size anyway. */
export async function sealContent(keys: KeyWrapper, content: Buffer, place: ContentPlace): Promise<SealedContent> {
  const context = contextOf(place);
  const dataKey = randomBytes(keyBytes);
  try {
    const sealed = encryptBytes(dataKey, await compress(content), contextBytes("content", context));
    return { ...(await keys.wrap(dataKey, context)), sealed };
  } finally {
    dataKey.fill(0);
  }
}

/** Rejects with VaultError for any other record, key or byte, and for more than `maxBytes`. */
export async function openContent(
  keys: KeyWrapper,
  { kid, wrapped, sealed }: SealedContent,
  place: ContentPlace,
  maxBytes: number,
): Promise<Buffer> {
  const context = contextOf(place);
  const dataKey = await keys.unwrap({ kid, wrapped }, context);
  try {
    const packed = decryptBytes(dataKey, sealed, contextBytes("content", context));
    return await decompress(packed, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof VaultError) throw error;
    throw new VaultError("malformed", "what is sealed does not unpack");
  } finally {
    dataKey.fill(0);
  }
}
