import { readApiKeyHash, readPasswordHash } from '../common/secret-hash.js';
import { checkNames } from '../config/check-names.js';
import { itemsAt, textOf } from '../config/config-node.js';
import type { ConfigMap, ConfigNode } from '../config/config-node.js';
import { Key, ListKey } from '../config/key.js';
import type { Report } from '../config/report.js';
import { text, textThat } from '../config/rules.js';

const KEY_HINT = 'Write the key, sha256: and 64 hex digits, or ${NAME} of a variable that is not empty.';

const apiKey = textThat(KEY_HINT, (value) => {
  if (value.startsWith('sha256:') && readApiKeyHash(value) === undefined) {
    return 'starts with sha256: but has no 64 hex digits after it. Write what the hash-secret command prints.';
  }
  if (readPasswordHash(value) !== undefined)
    return 'is the hash of a password. A hashed API key is sha256: and 64 hex digits.';
  // It is sent in an HTTP header, which is trimmed and cannot carry other characters.
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value)
    ? undefined
    : 'cannot be sent in an HTTP header. Use ASCII letters, digits and signs, without blanks at the ends.';
});

const PASSWORD_HINT =
  'Write the password, what the hash-secret command prints, or ${NAME} of a variable that is not empty.';

const password = textThat(PASSWORD_HINT, (value) => {
  const read = readPasswordHash(value);
  if (typeof read === 'string') return read;
  return value.startsWith('sha256:')
    ? 'starts with sha256:, which is for API keys. Write what the hash-secret command prints without --api-key.'
    : undefined;
});

const username = textThat('Write the user name, without a colon.', (value) =>
  value.includes(':') ? 'has a colon in it, which HTTP Basic does not allow in a user name.' : undefined,
);

export class CredentialSection {
  @Key(
    'Name of the credential, for logs; the secret itself is never logged.',
    text('Write a name for the logs.', 64),
    { required: true },
  )
  id: string;

  @Key('Key that the client sends in X-Benemen-APIKey: plain, or sha256: and 64 hex digits.', apiKey)
  apiKey?: string;

  @Key('User name for HTTP Basic.', username)
  username?: string;

  @Key('Password for HTTP Basic: plain, or the $scrypt$… that hash-secret prints.', password)
  password?: string;

  @ListKey(
    'Targets that the credential is limited to; default means calls that fall to the default target.',
    text('Write the name of a target.', 200),
  )
  targets?: readonly string[];
}

/** Who may ask. */
export interface CredentialsConfig {
  readonly credentials: readonly CredentialConfig[];
}

/** Secrets are plain, or hashes as `hash-secret` prints them. It has an API key, or a user name and a password. */
export type CredentialConfig = Readonly<CredentialSection>;

/**
 * The secrets in the demo configuration, which are public: its API key, and the hash of `demo-password` as written there.
 */
export const DEMO_SECRETS: readonly string[] = [
  'demo-key-change-me',
  'demo-password',
  'scrypt:2jKVlln3TrOWjBgvz6BWPA:-Uj73eqZLuP-xbzDosSD1XZyZWX122D8q649js6rB9I',
];

/** Longest API key, and longest user name and password together; a client with a longer one is refused. */
export const MAX_SECRET_BYTES = 1024;
/** For plain keys; hashes are longer. */
const SHORTEST_KEY = 16;
const SHORT_KEY = `The key has fewer than ${SHORTEST_KEY} characters, and could be guessed. Make one with openssl rand -hex 24.`;
const LONG_LOGIN = `The user name and the password have more than ${MAX_SECRET_BYTES} bytes together, and clients with such a login are refused. Write shorter ones.`;
const WELL_KNOWN = "This is the demo's secret, which everybody knows.";
const CURE = 'write your own, or set the environment variable that it comes from';

/**
 * Checks what concerns several keys or credentials: one secret each, unique ids, existing targets.
 * @param targets names of the entries under `targets:`; `undefined` if they are not known
 * @param isLoopback the service is reached from this machine only
 */
export function checkCredentials(
  credentials: readonly ConfigNode[],
  targets: readonly string[] | undefined,
  isLoopback: boolean,
  report: Report,
): void {
  const ids = new Map<string, ConfigNode>();
  // Allowed even without a target of that name: such a credential gets "proceed normally" for any targetid.
  const limits = targets && [...new Set([...targets, 'default'])];
  for (const node of credentials) {
    if (node.kind !== 'map') continue;
    checkKindOfSecret(node, report);
    const login = ['username', 'password'].map((key) => textOf(node.entries.get(key)) ?? '').join('');
    if (Buffer.byteLength(login) > MAX_SECRET_BYTES) report.at(node, LONG_LOGIN);
    checkNames(itemsAt(node, 'targets'), 'a configured target', limits, report);
    const idNode = node.entries.get('id');
    const id = textOf(idNode);
    const earlier = id === undefined ? undefined : ids.get(id);
    if (earlier !== undefined)
      report.at(idNode!, `is the id of another credential, in line ${earlier.line}. Ids must be unique.`);
    else if (id !== undefined) ids.set(id, idNode!);
    const apiKey = node.entries.get('apiKey');
    const length = textOf(apiKey)?.length ?? SHORTEST_KEY;
    if (apiKey !== undefined && length > 0 && length < SHORTEST_KEY) report.warn(apiKey, SHORT_KEY);
    for (const key of ['apiKey', 'password']) {
      const secret = node.entries.get(key);
      if (secret === undefined || !DEMO_SECRETS.includes(textOf(secret) ?? '')) continue;
      if (isLoopback) report.warn(secret, `${WELL_KNOWN} Before others can reach the service, ${CURE}.`);
      else report.at(secret, `${WELL_KNOWN} Listen on 127.0.0.1 only, or ${CURE}.`);
    }
  }
}

function checkKindOfSecret(node: ConfigMap, report: Report): void {
  const has = (key: string) => node.entries.has(key);
  const basic = ['username', 'password'].filter(has);
  if (has('apiKey') && basic.length > 0) {
    report.at(
      node,
      `Both apiKey and ${basic.join(' and ')} are given. Write one credential for each, with ids of their own.`,
    );
  } else if (!has('apiKey') && basic.length === 0) {
    report.at(node, 'The credential has no secret. Write apiKey, or username and password.');
  } else if (basic.length === 1) {
    const other = basic[0] === 'username' ? 'password' : 'username';
    report.missing(node, other, `is missing. ${basic[0]} needs it; write both, or apiKey instead.`);
  }
}
