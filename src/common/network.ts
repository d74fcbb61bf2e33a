import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** An address in its normal form, and the number of its bits that all addresses of the network share. */
export type Network = readonly [base: string, bits: number];

const CURE = 'Write an IP address or a range, for example 80.88.186.0/24.';
const MAPPED_BITS = 96;

/**
 * The normal form of an address, without its zone (`%eth0`); for an IPv4-mapped one (`::ffff:80.88.186.1`), the IPv4
 * address.
 * @returns `undefined` for anything else, such as 0x7f.1 or 010.0.0.1, which programs interpret differently
 */
export function readAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text)) return undefined;
  const { address } = new SocketAddress({ address: text.replace(/%.*$/s, ''), family: 'ipv6' });
  return /^::ffff:([\d.]+)$/.exec(address)?.[1] ?? address;
}

/**
 * Reads an address or a CIDR range. An IPv4-mapped one (`::ffff:80.88.186.0/120`) becomes the IPv4 one.
 * @returns a text if something is wrong: a predicate with the cure
 */
export function readNetwork(text: string): Network | string {
  const [, base = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = readAddress(base);
  if (address === undefined) return `is not a network. ${CURE}`;
  if (base.includes('%')) return `has a zone (%), and a range is the same in all of them. Write it without.`;
  const isMapped = isIPv6(base) && isIPv4(address);
  const length = isIPv4(address) ? 32 : 128;
  const bits = prefix === undefined ? length : Number(prefix) - (isMapped ? MAPPED_BITS : 0);
  if (bits >= 0 && bits <= length) return [address, bits];
  return isMapped
    ? `is an IPv4 range in an IPv6 spelling, where the prefix is from /96 to /128. Write the IPv4 range alone, for example ${address}/24.`
    : `has a prefix that is not from /0 to /${length}. ${CURE}`;
}
