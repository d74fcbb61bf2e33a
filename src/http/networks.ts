import type { Request } from 'express';
import { BlockList, isIPv4 } from 'node:net';
import { readAddress, readNetwork } from '../common/network.js';

/** What some proxies write into X-Forwarded-For: an address with the client's port. */
const IPV4_AND_PORT = /^([\d.]+):\d{1,5}$/;
const BRACKETED = /^\[([^\]]+)\](?::\d{1,5})?$/;

/** @param address `undefined`, as of a closed connection, is in no network */
export type IsInNetwork = (address: string | undefined) => boolean;

/**
 * Makes the test "is this address in one of the ranges?", for Express' `trust proxy` as well. An IPv4-mapped IPv6
 * address (`::ffff:80.88.186.1`) is the IPv4 address, on both sides; a zone (`%eth0`) is ignored; a text that is not
 * an address is in no range.
 * @param ranges IPv4 or IPv6 addresses or CIDR ranges; none = no address matches
 * @throws RangeError naming the text that is neither
 */
export function networkMatcher(ranges: readonly string[]): IsInNetwork {
  // Separate lists: in a common one, ::/0 would also contain the IPv4 addresses.
  const networks = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const range of ranges) {
    const network = readNetwork(range);
    if (typeof network === 'string') throw new RangeError(`${JSON.stringify(range)} ${network}`);
    const [base, bits] = network;
    networks[familyOf(base)].addSubnet(base, bits, familyOf(base));
  }
  return (text) => {
    const address = readClient(text);
    return address !== undefined && networks[familyOf(address)].check(address, familyOf(address));
  };
}

/**
 * The address that a request came from, in normal form: that of the connection or, if that is a trusted proxy, the
 * last one in X-Forwarded-For that is not a trusted proxy. `undefined` if it is not known: the connection is closed,
 * or a trusted proxy wrote something other than an address. Express' `request.ip` would skip an empty entry and use
 * what the client wrote before it.
 */
export function clientAddress({ socket, headers, app }: Request): string | undefined {
  const isTrusted = app.get('trust proxy fn') as IsInNetwork;
  let address = socket.remoteAddress;
  if (address === undefined) return undefined;
  // Node joins several headers into one text.
  const forwarded = (headers['x-forwarded-for'] as string | undefined)?.split(',') ?? [];
  while (forwarded.length > 0 && isTrusted(address)) address = forwarded.pop()!.trim();
  return readClient(address);
}

/**
 * What counts as one client: an IPv4 address, or an IPv6 /64 network, because a single subscriber has all of its
 * addresses. All unknown addresses are one client.
 */
export function clientGroup(address: string | undefined): string {
  const read = readClient(address);
  if (read === undefined) return 'unknown';
  if (isIPv4(read)) return read;
  const [before = [], after = []] = read.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const zeros = new Array<string>(8 - before.length - after.length).fill('0');
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}

/** The normal form of an address from a proxy or a connection. */
function readClient(text = ''): string | undefined {
  return readAddress((IPV4_AND_PORT.exec(text) ?? BRACKETED.exec(text))?.[1] ?? text);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}
