import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { expect, test } from "@jest/globals";
import {
  addressRanges,
  createClientAddresses,
  parseAddressRange,
  type AddressRange,
} from "@topdog/http-kit/client-address";

const from = (remoteAddress: string, forwardedFor?: string): IncomingMessage => {
  const socket = { remoteAddress } as Socket;
  const headers = forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor };
  return { socket, headers } as unknown as IncomingMessage;
};
const ranges = (...texts: string[]): AddressRange[] => texts.map((text) => parseAddressRange(text) as AddressRange);

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::", "2001:db8:1:2::/64"],
  ["2001:db8::6", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["2001:0DB8::192.0.2.7", "2001:db8:0:0::/64"],
  ["", "unknown"],
])("the peer %s is limited as %s", (peer, limited) => {
  expect(createClientAddresses([]).ofRequest(from(peer))).toBe(limited);
});

test("X-Forwarded-For from a stranger is ignored, or anybody could claim any address", () => {
  const addresses = createClientAddresses(ranges("10.0.0.0/8"));
  expect(addresses.ofRequest(from("192.0.2.7", "198.51.100.1"))).toBe("192.0.2.7");
  expect(createClientAddresses([]).ofRequest(from("10.0.0.1", "198.51.100.1"))).toBe("10.0.0.1");
});

test.each([
  ["198.51.100.1", "198.51.100.1"],
  ["1.1.1.1, 198.51.100.1", "198.51.100.1"],
  ["1.1.1.1, 198.51.100.1, 10.2.3.4, fd00::9", "198.51.100.1"],
  ["10.9.9.9, 10.2.3.4", "10.9.9.9"],
  ["198.51.100.1:4711", "198.51.100.1"],
  ["[2001:db8::1]:4711", "2001:db8:0:0::/64"],
  ["198.51.100.1, nonsense", "10.0.0.1"],
  ["nonsense, 10.2.3.4", "10.2.3.4"],
])("behind our proxies %s is %s: what a proxy of ours did not write is not believed", (header, client) => {
  const addresses = createClientAddresses(ranges("10.0.0.0/8", "fd00::/8"));
  expect(addresses.ofRequest(from("::ffff:10.0.0.1", header))).toBe(client);
});

test("a whole address is known beside the one that is limited, and only where it may be believed", () => {
  const addresses = createClientAddresses(ranges("10.0.0.0/8"));
  const whole = (peer: string, header?: string): string | null => addresses.wholeOfRequest(from(peer, header));
  expect(whole("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2:3:4:5:6");
  expect(whole("10.0.0.1", "1.1.1.1, [2001:db8::1]:4711, 10.2.3.4")).toBe("2001:db8::1");
  expect(whole("192.0.2.7", "198.51.100.1")).toBe("192.0.2.7");
  expect(whole("")).toBeNull();
});

test("an address is looked up in ranges of both families", () => {
  const isIn = addressRanges(["203.0.113.0/24", "2001:db8::/48", "192.0.2.7"]);
  const seen = ["203.0.113.255", "203.0.114.0", "2001:db8:0:ffff::1", "2001:db8:1::1", "192.0.2.7", "192.0.2.8"];
  expect(seen.map(isIn)).toEqual([true, false, true, false, true, false]);
});

test("a proxy is known by its range, and a range that is none is refused", () => {
  const addresses = createClientAddresses(ranges("10.0.0.1", "fd00::/8"));
  const isProxy = (address: string): boolean => addresses.isProxy(from(address).socket);
  expect(["10.0.0.1", "10.0.0.2", "fd12::1", "2001:db8::1"].map(isProxy)).toEqual([true, false, true, false]);
  for (const text of ["10.0.0.0/33", "fd00::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/8/8", "all", ""])
    expect(parseAddressRange(text)).toBeNull();
});
