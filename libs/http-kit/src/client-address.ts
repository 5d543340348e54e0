import type { IncomingMessage } from "node:http";
import { BlockList, isIP, type Socket } from "node:net";

/** What limits per address count as one client: an IPv4 address, or the /64 that an IPv6 customer gets. */
export interface ClientAddresses {
  ofRequest(req: IncomingMessage): string;
  /** The whole address; null when it is not known. */
  wholeOfRequest(req: IncomingMessage): string | null;
  ofSocket(socket: Socket): string;
  /** Whether the peer is a proxy of ours, which speaks for many clients. */
  isProxy(socket: Socket): boolean;
}

export interface AddressRange {
  readonly address: string;
  readonly prefixBits: number;
}

interface Peer {
  readonly address: string;
  /** Null when it is not known. */
  readonly whole: string | null;
  readonly isProxy: boolean;
}

const peerKey = Symbol("peer");
type KnownSocket = Socket & { [peerKey]?: Peer };
const unknownAddress = "unknown";
/** More hops than any chain of proxies of one owner has. */
const maxHops = 8;
const groupsOfIpv6 = 8;
const groupsOf64Bits = 4;
const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 4 ? "ipv4" : "ipv6");

/** `10.0.0.0/8`, `fd00::/8` or a single address; null for anything else. */
export function parseAddressRange(text: string): AddressRange | null {
  const [address = "", prefix, ...rest] = text.split("/");
  const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : 0;
  if (bits === 0 || rest.length > 0) return null;
  if (prefix === undefined) return { address, prefixBits: bits };
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits ? { address, prefixBits: Number(prefix) } : null;
}

/** An address without its zone, an IPv4-mapped one as IPv4; null for what is no address. */
function plainAddress(text: string): string | null {
  const bare = text.split("%", 1)[0] ?? "";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
  return isIP(mapped) === 0 ? null : mapped;
}

/** The first 64 bits of an IPv6 address, written out; an IPv4 address as it is. */
function limitedAddress(address: string): string {
  if (isIP(address) === 4) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const after = tail === "" ? [] : tail.split(":");
    // A dotted end stands for two groups.
    const afterCount = after.length + (tail.includes(".") ? 1 : 0);
    while (groups.length < groupsOfIpv6 - afterCount) groups.push("0");
    groups.push(...after);
  }
  const prefix = groups.slice(0, groupsOf64Bits).map((group) => Number.parseInt(group, 16).toString(16));
  return `${prefix.join(":")}::/64`;
}

/** One entry of X-Forwarded-For, which may carry a port. */
function forwardedAddress(entry: string): string | null {
  const text = entry.trim();
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1];
  return plainAddress(bracketed ?? (isIP(text) === 6 ? text : text.replace(/:\d+$/, "")));
}

/**
 * X-Forwarded-For is believed only as far as proxies of ours wrote it: read from its end, the first address that is no
 * proxy of ours is the client. Without such proxies it is ignored, or anybody could claim any address.
 */
export function createClientAddresses(proxies: readonly AddressRange[]): ClientAddresses {
  const trusted = new BlockList();
  for (const { address, prefixBits } of proxies) trusted.addSubnet(address, prefixBits, familyOf(address));
  const isTrusted = (address: string): boolean => trusted.check(address, familyOf(address));

  function peerOf(socket: KnownSocket): Peer {
    const known = socket[peerKey];
    if (known !== undefined) return known;
    const address = plainAddress(socket.remoteAddress ?? "");
    const peer: Peer =
      address === null
        ? { address: unknownAddress, whole: null, isProxy: false }
        : { address: limitedAddress(address), whole: address, isProxy: proxies.length > 0 && isTrusted(address) };
    socket[peerKey] = peer;
    return peer;
  }

  function clientBehind({ whole }: Peer, header: string): string | null {
    let nearest = whole;
    for (const hop of header.split(",").slice(-maxHops).toReversed()) {
      const address = forwardedAddress(hop);
      if (address === null) return nearest;
      nearest = address;
      if (!isTrusted(address)) return nearest;
    }
    return nearest;
  }

  /** The header that says for whom a proxy of ours speaks; null when nobody is believed. */
  function believed(peer: Peer, req: IncomingMessage): string | null {
    if (!peer.isProxy) return null;
    const header = req.headers["x-forwarded-for"];
    return typeof header === "string" ? header : null;
  }

  return {
    ofSocket: (socket) => peerOf(socket).address,
    isProxy: (socket) => peerOf(socket).isProxy,
    ofRequest: (req) => {
      const peer = peerOf(req.socket);
      const header = believed(peer, req);
      if (header === null) return peer.address;
      const client = clientBehind(peer, header);
      return client === null ? unknownAddress : limitedAddress(client);
    },
    wholeOfRequest: (req) => {
      const peer = peerOf(req.socket);
      const header = believed(peer, req);
      return header === null ? peer.whole : clientBehind(peer, header);
    },
  };
}

/** A test of whether an address is in one of these ranges, of which each is one that `parseAddressRange` takes. */
export function addressRanges(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const text of ranges) {
    const range = parseAddressRange(text);
    if (range === null) throw new Error("not an address range");
    list.addSubnet(range.address, range.prefixBits, familyOf(range.address));
  }
  return (address) => list.check(address, familyOf(address));
}
