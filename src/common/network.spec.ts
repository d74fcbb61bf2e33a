import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { networkMatcher } from '../http/networks.js';
import { network } from '../config/rules.js';
import { readNetwork } from './network.js';

const CURE = 'Write an IP address or a range, for example 80.88.186.0/24.';

describe('a network', () => {
  it.each([
    '80.88.186.0/24',
    '80.88.186.7',
    '0.0.0.0/0',
    '::1',
    '2001:db8::/32',
    '::ffff:10.0.0.0/120',
    '::ffff:10.0.0.1',
  ])('may be %s', (text) => {
    expect(network.problem(text)).toBeUndefined();
  });

  it.each([
    [
      '::ffff:10.0.0.0/24',
      'is an IPv4 range in an IPv6 spelling, where the prefix is from /96 to /128. Write the IPv4 range alone, for example 10.0.0.0/24.',
    ],
    [
      '::ffff:a00:0/95',
      'is an IPv4 range in an IPv6 spelling, where the prefix is from /96 to /128. Write the IPv4 range alone, for example 10.0.0.0/24.',
    ],
    ['fe80::1%eth0', 'has a zone (%), and a range is the same in all of them. Write it without.'],
    ['fe80::%eth0/64', 'has a zone (%), and a range is the same in all of them. Write it without.'],
    ['10.0.0.0/33', `has a prefix that is not from /0 to /32. ${CURE}`],
    ['2001:db8::/129', `has a prefix that is not from /0 to /128. ${CURE}`],
    ['10.0.0.0/', `is not a network. ${CURE}`],
    ['10.0.0.0/-1', `is not a network. ${CURE}`],
    ['10.0.0.0/8/8', `is not a network. ${CURE}`],
    ['10.0.0.0/1e1', `is not a network. ${CURE}`],
    ['010.0.0.1', `is not a network. ${CURE}`],
    ['10.0.1', `is not a network. ${CURE}`],
    ['[::1]', `is not a network. ${CURE}`],
    ['localhost', `is not a network. ${CURE}`],
  ])('is not %s', (text, problem) => {
    expect(network.problem(text)).toBe(problem);
  });

  it('that the configuration takes is one that addresses are compared with, whatever it is', () => {
    const part = fc.constantFrom(
      '::ffff:',
      '10.0.0.0',
      'fe80::1',
      '%eth0',
      '/',
      '24',
      '96',
      '0',
      ':',
      '::',
      '1',
      'x',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const text = parts.join('');
        if (network.problem(text) !== undefined) return;
        expect(() => networkMatcher([text])('10.0.0.1')).not.toThrow();
        expect(readNetwork(text)).toHaveLength(2);
      }),
      { numRuns: 2_000 },
    );
  });
});
