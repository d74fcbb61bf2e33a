import { readApiKeyHash, readPasswordHash } from '../common/secret-hash.js';
import { textThat } from '../config/rules.js';

const KEY_HINT = 'Write the key, sha256: and 64 hex digits, or ${NAME} of a variable that is not empty.';

export const apiKey = textThat(KEY_HINT, (value) => {
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

export const password = textThat(PASSWORD_HINT, (value) => {
  const read = readPasswordHash(value);
  if (typeof read === 'string') return read;
  return value.startsWith('sha256:')
    ? 'starts with sha256:, which is for API keys. Write what the hash-secret command prints without --api-key.'
    : undefined;
});

export const username = textThat('Write the user name, without a colon.', (value) =>
  value.includes(':') ? 'has a colon in it, which HTTP Basic does not allow in a user name.' : undefined,
);
