import type { JsonObject } from '../common/json.js';
import type { TracingConfig } from './tracing-environment.js';

export type { TracingConfig };

/** The configuration as the service uses it: checked, complete with defaults, durations in ms, frozen. */
export interface AppConfig {
  /** Absolute path of the YAML file. */
  readonly file: string;
  /** Directory that relative paths start from. */
  readonly directory: string;
  /** ISO 3166-1 alpha-2; how national numbers are read unless a target or provider says otherwise. */
  readonly country: string | undefined;
  readonly server: ServerConfig;
  /** `undefined` = on the port of the calls. */
  readonly management: ManagementConfig | undefined;
  readonly credentials: readonly CredentialConfig[];
  /** Name -> configured lookup, in the file's order. */
  readonly providers: ReadonlyMap<string, ProviderConfig>;
  /** Name -> target, `default` among them when configured. */
  readonly targets: ReadonlyMap<string, TargetConfig>;
  readonly logging: LoggingConfig;
  /** `DATABASE_URL`: `sqlite:<absolute path>` or `mysql://…`, which may list several servers. */
  readonly databaseUrl: string;
  /** From the `OTEL_` variables; absent: no traces. */
  readonly tracing?: TracingConfig | undefined;
  /** What is allowed but probably not meant; logged at start, printed by `config check`. */
  readonly warnings: readonly string[];
}

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Absolute paths of PEM files. */
  readonly tls: TlsConfig | undefined;
  /** CIDR ranges or addresses; `undefined` = everybody. */
  readonly allowedNetworks: readonly string[] | undefined;
  readonly trustedProxies: readonly string[];
  /** For how long calls are still taken when `/health/ready` says already that no more are wanted, milliseconds. */
  readonly shutdownGraceMs: number;
  /** Connections beyond it are dropped. */
  readonly maxConnections: number;
  /** Of one IPv4 address or IPv6 /64; trusted proxies may have all. */
  readonly maxConnectionsPerAddress: number;
}

export interface TlsConfig {
  readonly cert: string;
  readonly key: string;
  /** Authorities of client certificates; with it every client has to show one. */
  readonly clientCa: string | undefined;
}

/** Health, metrics and the OpenAPI page on a port of their own, without TLS. */
export interface ManagementConfig {
  readonly host: string;
  readonly port: number;
}

export type CredentialConfig = ApiKeyCredentialConfig | BasicCredentialConfig;
export interface ApiKeyCredentialConfig {
  readonly id: string;
  /** Plain, or `sha256:<64 hex digits>`. */
  readonly apiKey: string;
  readonly targets: readonly string[] | undefined;
}
export interface BasicCredentialConfig {
  readonly id: string;
  readonly username: string;
  /** Plain, or `scrypt:<salt>:<hash>` as `hash-secret` prints it. */
  readonly password: string;
  readonly targets: readonly string[] | undefined;
}

export interface ProviderConfig {
  readonly name: string;
  readonly kind: string;
  readonly country: string | undefined;
  /** For one lookup, the time in the queue included. */
  readonly timeoutMs: number;
  /** Lookups under way at once at most; `maxQueued` more may wait for their turn. */
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  readonly cache: CacheConfig | undefined;
  /** Checked instance of the kind's options class. */
  readonly options: object;
  /** All its keys as plain values, `${…}` and presets filled in: secrets are among them. To compare, never to show. */
  readonly written: unknown;
}

export interface CacheConfig {
  readonly ttlMs: number;
  /** 0: "not a VIP" is not kept. */
  readonly negativeTtlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly maxEntries: number;
}

/** Name of the fallback target; never a targetid. */
export const DEFAULT_TARGET = 'default';

export interface TargetConfig {
  readonly name: string;
  /** Names of providers, in order of precedence. */
  readonly providers: readonly string[];
  readonly country: string | undefined;
  readonly deadlineMs: number;
  readonly staggerMs: number;
  readonly routes: readonly RouteConfig[];
}

export interface RouteConfig {
  /** `undefined` = any tier. */
  readonly tiers: readonly string[] | undefined;
  /** extradata key -> the texts of which one must be equal. */
  readonly when: ReadonlyMap<string, readonly string[]>;
  readonly instructions: Readonly<JsonObject>;
}

export interface LoggingConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `masked` (`+35850*****34`) or `plain`. */
  readonly numbers: 'masked' | 'plain';
}
