import type { IncomingMessage } from "node:http";
import { constants, createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from "node:zlib";
import { AppError } from "@topdog/errors/app-error";

export type Unpacker = Gunzip | ZstdDecompress;

/** What RFC 8878 asks every reader to have for a frame; the library's own bound is 128 MiB. */
const maxWindowLog = 23;

const unpackers: Readonly<Record<string, () => Unpacker>> = {
  gzip: () => createGunzip(),
  zstd: () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: maxWindowLog } }),
};

/** The `content-encoding`s that can be unpacked. */
export const packedEncodings: readonly string[] = Object.keys(unpackers);

/**
 * The body unpacked as it comes, no faster than it is read: whoever counts what comes out is safe from a small body that unpacks
 * to a huge one. A body that does not unpack is told to `onBroken`, as AppError invalid_request.
 */
export function createUnpacker(req: IncomingMessage, encoding: string, onBroken: (error: AppError) => void): Unpacker {
  const create = unpackers[encoding];
  if (create === undefined) throw new Error(`nothing unpacks ${encoding}`);
  const unpacker = create();
  unpacker.on("error", (cause) => {
    onBroken(new AppError("invalid_request", { detail: `The body is not valid ${encoding}.`, cause }));
  });
  return req.pipe(unpacker);
}
