import { isUtf8 } from 'node:buffer';

export interface BasicLogin {
  readonly user: string;
  readonly password: string;
}

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/**
 * Reads an Authorization header of the Basic scheme (RFC 7617): the first colon separates, the bytes are UTF-8.
 * @returns `undefined` when the header is another scheme or malformed
 */
export function readBasicHeader(header: string | undefined): BasicLogin | undefined {
  const encoded = BASIC.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0 || !isUtf8(bytes)) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** True for a header with the Basic scheme, well-formed or not. */
export function isBasicHeader(header: string | undefined): boolean {
  return /^basic(?: |$)/i.test(header ?? '');
}
