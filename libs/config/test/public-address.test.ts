import { describe, expect, test } from "@jest/globals";
import { isPublicAddress } from "@topdog/config/public-address";

describe("an address on the internet", () => {
  test.each(["1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1"])(
    "%s is one",
    (one) => {
      expect(isPublicAddress(one)).toBe(true);
    },
  );

  test.each([
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:1.1.1.1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
    "ff02::1",
    "localhost",
    "2130706433",
    "0x7f.1",
    "",
  ])("%s is none", (one) => {
    expect(isPublicAddress(one)).toBe(false);
  });
});
