import { resolve } from 'node:path';
import { ConfigError } from '../config/config-error.js';
import type { ConfigProblem } from '../config/config-error.js';
import { shorten } from '../config/config-node.js';
import { DEFAULT_CONFIG } from '../config/read-config-file.js';
import type { Variables } from '../config/read-config-file.js';
import * as rules from '../config/rules.js';
import { readTracing } from '../observability/tracing-environment.js';
import type { TracingConfig } from '../observability/tracing-environment.js';

/** What the service takes from the environment. An empty variable counts as not set. */
export interface Environment {
  /** `SMARTROUTING_CONFIG`, as given; relative to the working directory. */
  readonly configFile: string;
  /** `PORT`, over `server.port`. */
  readonly port?: number;
  /** `HOST`, over `server.host`. */
  readonly host?: string;
  /** `DATABASE_URL`: `sqlite:<absolute path>`, `sqlite::memory:` or `mysql://user:password@host:port/database`, several hosts with commas. */
  readonly databaseUrl: string;
  /** What the `OTEL_` variables ask for; absent: no traces. */
  readonly tracing?: TracingConfig;
  /** What is set but cannot be followed, and is no reason not to start. */
  readonly warnings?: readonly string[];
  /** All variables, for `${NAME}` in the file. Secrets are among them: never log this. */
  readonly variables: Variables;
}

const DEFAULT_DATABASE = 'sqlite:data/smartrouting.sqlite';

/**
 * The only place where the environment is read.
 * @throws ConfigError naming the variables; never shows `DATABASE_URL`, which holds a password
 */
export function readEnvironment(env: Variables = process.env): Environment {
  const problems: ConfigProblem[] = [];
  const refuse = (key: string, message: string) => void problems.push({ key, message });
  const given = (name: string) => (env[name] === '' ? undefined : env[name]);

  const port = given('PORT');
  const portNumber = port !== undefined && /^\d+$/.test(port) ? Number(port) : port;
  const portProblem = port === undefined ? undefined : rules.port.problem(portNumber);
  if (portProblem !== undefined) refuse('PORT', `${JSON.stringify(shorten(port!))} ${portProblem}`);

  const host = given('HOST');
  const hostProblem = host === undefined ? undefined : rules.host.problem(host);
  if (hostProblem !== undefined) refuse('HOST', `${JSON.stringify(shorten(host!))} ${hostProblem}`);

  const database = readDatabaseUrl(given('DATABASE_URL') ?? DEFAULT_DATABASE);
  if ('problem' in database) refuse('DATABASE_URL', database.problem);

  if (problems.length > 0 || 'problem' in database) throw new ConfigError('environment', problems);
  const { tracing, warnings } = readTracing(env);
  return {
    configFile: given('SMARTROUTING_CONFIG') ?? DEFAULT_CONFIG,
    ...(port !== undefined && { port: portNumber as number }),
    ...(host !== undefined && { host }),
    databaseUrl: database.url,
    ...(tracing !== undefined && { tracing }),
    ...(warnings.length > 0 && { warnings }),
    variables: env,
  };
}

function readDatabaseUrl(text: string): { url: string } | { problem: string } {
  const [, scheme = '', rest = ''] = /^([a-z]+):(.*)$/is.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case 'sqlite':
      return readSqlitePath(rest);
    case 'mysql':
    case 'mariadb':
      return readServerUrl(`mysql:${rest}`);
    default:
      return {
        problem:
          'is not a database the service knows. Write sqlite:<path> or mysql://user:password@host:port/database. Default: sqlite:data/smartrouting.sqlite.',
      };
  }
}

function readSqlitePath(path: string): { url: string } | { problem: string } {
  if (path === ':memory:') return { url: 'sqlite::memory:' };
  if (path === '' || path.startsWith('//')) {
    return {
      problem:
        'has no path after sqlite:. Write sqlite:data/smartrouting.sqlite, or sqlite:/var/lib/smartrouting.sqlite, without //.',
    };
  }
  return { url: `sqlite:${resolve(path)}` };
}

function readServerUrl(text: string): { url: string } | { problem: string } {
  const [, start, hosts, end] = /^(mysql:\/\/(?:[^/?#]*@)?)([^/?#@]*)(.*)$/s.exec(text) ?? [];
  const list = hosts?.split(',') ?? [''];
  // Somebody who writes user and password before each host.
  const isRepeated = /@[^/?#]*,/.test(start ?? '');
  const isComplete =
    !isRepeated && list.every((host) => isServerUrl(host === '' ? '' : `${start}${host}${end}`));
  if (isComplete && list.some((host) => /:0+$/.test(host))) {
    return { problem: 'has port 0, where no server is. Write its port, or leave it out for 3306.' };
  }
  if (isComplete) return { url: text };
  const rule =
    list.length === 1 && !isRepeated
      ? 'is not a complete address. Write mysql://user:password@host:port/database'
      : 'is not a complete list of servers. Write mysql://user:password@host1:port,host2:port/database, user, password and database once';
  return { problem: `${rule}, with %40 for @, %2F for / and %23 for # in the password.` };
}

function isServerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { hostname, username, password, pathname, hash } = new URL(text);
  const decodable = [username, password, pathname].every((part) => {
    try {
      return typeof decodeURIComponent(part) === 'string';
    } catch (error) {
      if ((error as Error).name === 'URIError') return false;
      throw error;
    }
  });
  return decodable && hostname !== '' && /^\/[^/]+$/.test(pathname) && hash === '';
}
