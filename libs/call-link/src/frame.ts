/** What travels on a link: frames of an 8-byte header (length: 3 bytes, type: 1 byte, number: 4 bytes) and a payload. */
export const frameTypes = {
  /** Both: version, role, key id, nonce. */
  hello: 1,
  /** Both: the signature over both hellos. */
  proof: 2,
  /** Gateway: the principal that calls refer to by this number, from here on. */
  principal: 3,
  /** Gateway: a new call. */
  open: 4,
  /** Router: status and headers of the answer. */
  head: 5,
  /** Both: bytes of the body. */
  data: 6,
  /** Router: the answer is whole; the report of the call. */
  end: 7,
  /** Both: the call ends here, and why. */
  abort: 8,
  /** Both: so many more bytes may be sent for this call. */
  credit: 9,
  ping: 10,
  pong: 11,
  /** Router: no call after this number was accepted, and none will be. */
  goAway: 12,
} as const;
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];
export const lastFrameType = frameTypes.goAway;

export const headerBytes = 8;
/** Longest payload of a data frame that is accepted. */
export const maxDataFrameBytes = 64 * 1024;
/** Longest piece of a body in one frame that is sent: what another call may have to wait for. */
export const sentDataFrameBytes = 16 * 1024;
/** Longest payload of every other frame. */
export const maxMetadataBytes = 48 * 1024;
/** Longest payload before both sides have proved who they are. */
export const maxHandshakeBytes = 1024;
/** A link is replaced before its call numbers run out. */
export const maxCallNumber = 0x7fff_ffff;
/** Principals that a link remembers; one more takes the number of the oldest. */
export const maxPrincipals = 16_384;
/** Bytes that may be on their way for one call and direction, unless the receiver grants more. */
export const windowBytes = 128 * 1024;

/** The first byte of an abort frame. */
export const abortCodes = {
  /** Gateway: nobody waits for the answer. */
  cancelled: 1,
  /** Router: nothing was done for the call, so that another router may be asked. */
  refused: 2,
  /** Router: the answer broke off; the report of the call follows. */
  cut: 3,
  /** Router: the body is longer than it takes; nothing was done. */
  tooLarge: 4,
} as const;

/** The other side broke the rules of the protocol, or is not who it says: the link is closed. */
export class LinkProtocolError extends Error {
  override readonly name = "LinkProtocolError";
}
