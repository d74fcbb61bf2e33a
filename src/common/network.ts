import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address, and how many of its bits all addresses of the network share. */
export type Network = readonly [base: Address, bits: number];

const CURE = 'Write an IP address or a range, for example 80.88.186.0/24.';
const MAPPED_BITS = 96;

/**
 * Reads an address or a CIDR range. An IPv4-mapped one (`::ffff:80.88.186.0/120`) is the IPv4 one.
 * @returns a text says what is wrong with it, as a predicate with the cure
 */
export function readNetwork(text: string): Network | string {
  const [, base = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  // ipaddr.js alone also takes 0x7f.1 and 010.0.0.1 (octal), which other programs read as other addresses.
  if (isIP(base) === 0) return `is not a network. ${CURE}`;
  if (base.includes('%')) return `has a zone (%), and a range is the same in all of them. Write it without.`;
  const isMapped = ipaddr.parse(base).kind() !== ipaddr.process(base).kind();
  const address = ipaddr.process(base);
  const length = address.kind() === 'ipv4' ? 32 : 128;
  const bits = prefix === undefined ? length : Number(prefix) - (isMapped ? MAPPED_BITS : 0);
  if (bits >= 0 && bits <= length) return [address, bits];
  return isMapped
    ? `is an IPv4 range in an IPv6 spelling, where the prefix is from /96 to /128. Write the IPv4 range alone, for example ${address.toString()}/24.`
    : `has a prefix that is not from /0 to /${length}. ${CURE}`;
}
