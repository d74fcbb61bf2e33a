import { isIP } from 'node:net';
import { resolve } from 'node:path';

interface ServerAddress {
  readonly type: 'mysql' | 'mariadb' | 'postgres';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** `undefined`: unencrypted. */
  readonly tls: { readonly rejectUnauthorized: boolean } | undefined;
}

/** The kinds of SQL that are spoken. */
export type Dialect = 'sqlite' | 'mysql' | 'postgres';

const FORMS =
  'Write sqlite:<path>, mysql://user:password@host:port/database or postgres://user:password@host:port/database; several hosts of a MySQL or MariaDB cluster with commas between them.';
const PORTS = { mysql: 3306, mariadb: 3306, postgres: 5432 };
const ESCAPES = 'In the password, write %40 for @, %2F for / and %23 for #.';
const TLS: Readonly<Record<string, ServerAddress['tls']>> = {
  true: { rejectUnauthorized: true },
  unverified: { rejectUnauthorized: false },
};

/**
 * The form in which the service keeps the URL of its own database: an absolute SQLite path, `mysql:` for MariaDB too,
 * `postgres:`. Anything that is not a database URL is returned unchanged; see `databaseUrlProblem`.
 */
export function ownDatabaseUrl(text: string): string {
  const [, scheme = '', rest = ''] = /^([a-z]+):(.*)$/is.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case 'sqlite':
      return rest === '' || rest.startsWith('//') || rest === ':memory:'
        ? `sqlite:${rest}`
        : `sqlite:${resolve(rest)}`;
    case 'mysql':
    case 'mariadb':
      return `mysql:${rest}`;
    case 'postgres':
    case 'postgresql':
      return `postgres:${rest}`;
    default:
      return text;
  }
}

export function dialectOfUrl(url: string): Dialect {
  if (url.startsWith('sqlite:')) return 'sqlite';
  return url.startsWith('postgres') ? 'postgres' : 'mysql';
}

/** The file of an SQLite database, as written; `undefined` for any other. */
export function sqliteFileOf(url: string): string | undefined {
  return /^sqlite:(?!:memory:$)(.+)$/s.exec(url)?.[1];
}

/**
 * Splits the URL of a cluster into one for each server: `mysql://user:password@a:3306,b/database` gives the same URL
 * with `a:3306` and with `b`. Any other text is returned unchanged.
 */
export function nodeUrls(url: string): [string, ...string[]] {
  const [, scheme, authority, rest] = /^((?:mysql|mariadb):\/\/)([^/?#]*)(.*)$/s.exec(url) ?? [];
  const at = (authority?.lastIndexOf('@') ?? -1) + 1;
  const [first, ...others] = authority?.slice(at).split(',') ?? [];
  if (first === undefined || others.length === 0) return [url];
  const withHost = (host: string): string => `${scheme}${authority!.slice(0, at)}${host}${rest}`;
  return [withHost(first), ...others.map(withHost)];
}

/**
 * Reads `sqlite:<path>`, `sqlite::memory:`, `mysql://user:password@host:port/database` or the same with `mariadb://`,
 * `postgres://` or `postgresql://`.
 * `?ssl=true` encrypts and checks the server's certificate, `?ssl=unverified` only encrypts. One server only: see `nodeUrls`.
 * @returns ready for the driver; `path` as written
 * @throws DatabaseUrlError, whose message never shows the URL
 */
export function parseDatabaseUrl(url: string): { type: 'sqlite'; path: string } | ServerAddress {
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length);
    if (path.trim() === '') throw new DatabaseUrlError(`has no path after sqlite:. ${FORMS}`);
    return { type: 'sqlite', path };
  }
  if (nodeUrls(url).length > 1) throw new DatabaseUrlError('names several hosts where one is expected.');
  const scheme = /^(mysql|mariadb|postgres|postgresql):\/\//.exec(url)?.[1];
  const type = (scheme === 'postgresql' ? 'postgres' : scheme) as ServerAddress['type'] | undefined;
  if (type === undefined) throw new DatabaseUrlError(`is not a database URL. ${FORMS}`);
  if (type === 'postgres' && /^\w+:\/\/(?:[^/?#]*@)?[^/?#@]*,/.test(url)) {
    throw new DatabaseUrlError(
      'names several hosts, which is not supported for PostgreSQL. Write the one that takes writes, or a proxy before them.',
    );
  }
  if (!URL.canParse(url)) throw new DatabaseUrlError(`is not a database URL. ${FORMS} ${ESCAPES}`);
  const { hostname, port, username, password, pathname, search, searchParams, hash } = new URL(url);
  if (/[@#]/.test(pathname + search + hash)) {
    throw new DatabaseUrlError(
      `has an @ or # after the host, so a piece of the password may be taken for the host. ${ESCAPES}`,
    );
  }
  if (port === '0') {
    throw new DatabaseUrlError(
      `has port 0, on which no server listens. Write its port, or leave it out for ${PORTS[type]}.`,
    );
  }
  const database = decoded(pathname.slice(1));
  if (hostname === '') throw new DatabaseUrlError(`names no host. ${FORMS}`);
  if (database === '' || database.includes('/')) {
    throw new DatabaseUrlError(
      `must end in one database name. ${FORMS} In the password, write %40 for @, %2F for /, %23 for # and %25 for %.`,
    );
  }
  const host = hostname.replace(/^\[|\]$/g, '');
  const tls = readTls(searchParams);
  if (tls?.rejectUnauthorized && isIP(host) !== 0) {
    throw new DatabaseUrlError(
      'has ssl=true and an IP address as host, but a certificate is for a name. Write the name, or ?ssl=unverified.',
    );
  }
  return {
    type,
    host,
    port: port === '' ? PORTS[type] : Number(port),
    user: decoded(username),
    password: decoded(password),
    database,
    tls,
  };
}

/** Says what is wrong with a database URL, which may list several servers; `undefined` if it is valid. */
export function databaseUrlProblem(url: unknown): string | undefined {
  if (typeof url !== 'string') return `is not a database URL. ${FORMS}`;
  if (/^\w+:\/\/[^/?#]*@[^/?#]*,[^/?#]*@/.test(url)) {
    return 'has an @ behind a comma. Write user and password once, before the first host, and in the password %40 for @.';
  }
  try {
    const nodes = nodeUrls(url);
    const hosts = nodes.map((node) => {
      const address = parseDatabaseUrl(node);
      return address.type === 'sqlite' ? node : `${address.host.toLowerCase()}:${address.port}`;
    });
    const twice = hosts.findIndex((host, index) => hosts.indexOf(host) < index);
    return twice < 0
      ? undefined
      : `names the same host and port twice: the ${twice + 1}. host is one of those before it.`;
  } catch (error) {
    if (error instanceof DatabaseUrlError) return error.message;
    throw error;
  }
}

export class DatabaseUrlError extends Error {
  override readonly name = 'DatabaseUrlError';
}

function readTls(parameters: URLSearchParams): ServerAddress['tls'] {
  const unknown = [...parameters.keys()].find((name) => name !== 'ssl');
  if (unknown !== undefined) {
    throw new DatabaseUrlError(
      'has an unknown parameter after the ?. Known: ssl. Write ?ssl=true instead of sslmode.',
    );
  }
  const written = parameters.get('ssl');
  if (written === null) return undefined;
  if (!Object.hasOwn(TLS, written)) {
    throw new DatabaseUrlError(
      'has an unknown value for ssl. Write ?ssl=true, or ?ssl=unverified to accept any certificate.',
    );
  }
  return TLS[written];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if ((error as Error).name !== 'URIError') throw error;
    throw new DatabaseUrlError('has a % that does not begin an escape. Write %25 for a percent sign.');
  }
}
