import { describe, expect, it } from '@jest/globals';
import { configHash, withoutSecrets } from './config-hash.js';
import { parseConfig } from './read-config-file.js';

const ENV = { KEY: 'a-key-of-the-test', OTHER: 'another-key', PORT_HERE: '4711' };
const hashOf = (yaml: string, variables: Record<string, string> = ENV): string =>
  configHash(withoutSecrets(parseConfig(yaml, 'test.yaml', variables).root));

const FILE = `
server: { port: 3000 }
credentials: [{ id: core, apiKey: one-key }]
providers:
  crm:
    kind: crm-http
    url: https://user:one-secret@crm.example/contacts?code=one-secret&phone={{ number }}
    headers: { X-Thing: one-secret }
    auth: { type: basic, username: me, password: one-secret }
  table: { kind: database, connection: "mysql://user:one-secret@db/crm", pin: one-secret }
targets: { T: { providers: [crm], routes: [{ tier: gold, instructions: { ExtraPriority: 1 } }] } }
`;

describe('the hash of a configuration', () => {
  it('is the same whatever the secrets are, wherever they stand', () => {
    const rotated = FILE.replaceAll('one-secret', 'two-secret').replace('one-key', 'two-key');
    expect(rotated).not.toBe(FILE);
    expect(hashOf(rotated)).toBe(hashOf(FILE));
    expect(JSON.stringify(withoutSecrets(parseConfig(FILE, 'test.yaml', {}).root))).not.toMatch(/one-/);
  });

  it('does not depend on what a variable holds', () => {
    const text = FILE.replace('3000', '"${PORT_HERE}"').replace('gold', '"${KEY}"');
    expect(hashOf(text, { ...ENV, KEY: 'rotated', PORT_HERE: '4712' })).toBe(hashOf(text));
    expect(hashOf(text.replace('${KEY}', '${OTHER}'))).not.toBe(hashOf(text));
  });

  it('does not depend on comments, the way of writing, or the order of keys', () => {
    const other = FILE.replace(
      'server: { port: 3000 }',
      '# here\nserver:\n  port: 3000   # the default',
    ).replace('id: core, apiKey: one-key', 'apiKey: "one-key", id: "core"');
    expect(hashOf(other)).toBe(hashOf(FILE));
  });

  it.each([
    ['a port', '3000', '3001'],
    ['a tier', 'tier: gold', 'tier: silver'],
    ['an instruction', 'ExtraPriority: 1', 'ExtraPriority: 2'],
    ['a host in a URL', 'crm.example', 'crm2.example'],
    ['a parameter in a URL', 'phone={{ number }}', 'mobile={{ number }}'],
    ['the name of a credential', 'id: core', 'id: kore'],
    ['a target', 'T: {', 'U: {'],
    ['a further key', 'kind: database,', 'kind: database, timeout: 2s,'],
  ])('is another one for another configuration: %s', (_what, from, to) => {
    expect(FILE).toContain(from);
    expect(hashOf(FILE.replace(from, to))).not.toBe(hashOf(FILE));
  });
});
