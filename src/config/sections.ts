import { Key, ListKey, SectionKey, SectionsKey } from './key.js';
import { ManagementSection, TlsSection } from './port-sections.js';
import type { Rule } from './rule.js';
import {
  country,
  duration,
  host,
  mapping,
  network,
  oneOf,
  port,
  routePath,
  text,
  wholeNumber,
} from './rules.js';
import { apiKey, password, username } from './secret-rules.js';

const COUNTRY_KEY = 'How numbers written nationally are read: ISO 3166-1 alpha-2, two capital letters.';

export class ServerSection {
  @Key('Address to listen on. The environment variable HOST overrides it.', host, { default: '127.0.0.1' })
  host = '127.0.0.1';

  @Key('Port to listen on; 0 takes a free one. The environment variable PORT overrides it.', port, {
    default: 3000,
  })
  port = 3000;

  @Key('Path that Core posts its calls to.', routePath, { default: '/smartrouting' })
  path = '/smartrouting';

  @SectionKey('HTTPS without a proxy in front. The files are read again when they change.', () => TlsSection)
  tls?: TlsSection;

  @ListKey('Who may call: addresses and ranges. Without it: everybody.', network)
  allowedNetworks?: string[];

  @ListKey('Proxies whose X-Forwarded-For is believed: addresses and ranges.', network, {
    mayBeEmpty: true,
    default: [],
  })
  trustedProxies: string[] = [];

  @Key(
    'How long calls are still taken after a SIGTERM, while /health/ready says 503 so that balancers look elsewhere.',
    duration({ max: '5m', why: 'A supervisor kills before that.', default: '2s' }),
    { default: '2s' },
  )
  shutdownGrace = '2s';
  @Key('How many connections may be open; further ones are dropped at once.', wholeNumber(1, 1e6, 10_000), {
    default: 10_000,
  })
  maxConnections = 10_000;

  @Key(
    'How many of them may come from one address, or from one IPv6 network of 64 bits; trusted proxies may have all.',
    wholeNumber(1, 1e6),
  )
  maxConnectionsPerAddress?: number;
}

export class CredentialSection {
  @Key(
    'Name of the credential, for logs; the secret itself is never logged.',
    text('Write a name for the logs.', 64),
    { required: true },
  )
  id: string;

  @Key('Key that the caller sends in X-Benemen-APIKey: plain, or sha256: and 64 hex digits.', apiKey)
  apiKey?: string;

  @Key('User name for HTTP Basic.', username)
  username?: string;

  @Key('Password for HTTP Basic: plain, or scrypt:<salt>:<hash> as hash-secret prints it.', password)
  password?: string;

  @ListKey(
    'Targets that the credential is limited to; default means calls that fall to the default target.',
    text('Write the name of a target.', 200),
  )
  targets?: string[];
}

export class CacheSection {
  @Key('How long a found record is kept.', duration({ min: '1ms' }), { required: true })
  ttl: string;

  @Key('How long "not a VIP" is kept; 0ms not at all. Default: as ttl.', duration())
  negativeTtl?: string;

  @Key(
    'How long after its ttl an answer is still given at once, while the provider is asked again in the background.',
    duration({ default: '0ms' }),
    { default: '0ms' },
  )
  staleWhileRevalidate = '0ms';

  @Key(
    'How long after its ttl a found record may still be used while the provider fails or is too slow.',
    duration({ default: '0ms' }),
    { default: '0ms' },
  )
  staleIfError = '0ms';

  @Key('How many callers are kept; the one unused for longest goes first.', wholeNumber(1, 1e6, 10_000), {
    default: 10_000,
  })
  maxEntries = 10_000;
}

/** The keys that every provider has, whatever its kind. */
export class ProviderSection {
  @Key(
    'What kind of lookup this is: static-file, database, crm-http, or a kind that a plug-in brings.',
    text('Write the kind of lookup.', 40),
    { required: true },
  )
  kind: string;

  @Key(`${COUNTRY_KEY} For the data of this provider.`, country)
  country?: string;

  @Key('Longest time for one lookup.', duration({ min: '1ms', default: '1000ms' }), { default: '1000ms' })
  timeout = '1000ms';

  @Key('How many lookups may be under way at once; more wait for their turn.', wholeNumber(1, 10_000, 50), {
    default: 50,
  })
  maxConcurrent = 50;

  @Key(
    'How many lookups may wait for their turn; more are turned away at once.',
    wholeNumber(0, 100_000, 100),
    { default: 100 },
  )
  maxQueued = 100;

  @SectionKey('Keep answers in memory. Without it every call asks the provider.', () => CacheSection)
  cache?: CacheSection;
}

const tierName = text('Write the name of a tier, for example gold.', 64);
const tier: Rule = {
  hint: tierName.hint,
  problem: (value) => {
    if (!Array.isArray(value)) return tierName.problem(value);
    if (value.length === 0) return 'is empty. Write at least one tier, or remove the key.';
    return value.every((name) => tierName.problem(name) === undefined)
      ? undefined
      : 'has an entry that is not the name of a tier. Write texts, for example [gold, silver].';
  },
  schema: {
    type: ['string', 'array'],
    minLength: 1,
    items: { type: 'string', minLength: 1 },
    minItems: 1,
  },
};

export class RouteSection {
  @Key('Tier of the VIP, or a list of which one fits. Without it: any tier.', tier)
  tier?: string | string[];

  @Key('Extradata key: the value that the call must have, or a list of which one fits. All keys must fit.', {
    ...mapping('Write an extradata key and its value, for example DYN_PAR_Culture: fi-FI.'),
    schema: {
      type: 'object',
      minProperties: 1,
      additionalProperties: {
        anyOf: [
          { $ref: '#/definitions/scalar' },
          { type: 'array', items: { $ref: '#/definitions/scalar' }, minItems: 1 },
        ],
      },
    },
  })
  when?: Record<string, unknown>;

  @Key(
    'What Core is told: InitialTarget, FailTarget (texts), Priority, ExtraPriority (numbers), or any other key, passed on as written. Texts are Liquid templates.',
    {
      ...mapping('Write what Core is to do, for example InitialTarget: VIP_SALES.'),
      schema: {
        type: 'object',
        minProperties: 1,
        properties: {
          InitialTarget: {
            type: 'string',
            minLength: 1,
            description: 'Queue, user or number the call goes to, or DISCONNECT:.',
          },
          FailTarget: { type: 'string', minLength: 1, description: 'Where the call goes if that fails.' },
          Priority: { type: 'number', description: 'Priority in the queue.' },
          ExtraPriority: { type: 'number', description: 'Added to the priority in the queue.' },
        },
      },
    },
    { required: true },
  )
  instructions: Record<string, unknown>;
}

const CORE_GIVES_UP = 'Core gives up after 5s.';

export class TargetSection {
  @ListKey('Providers to ask, by name; their order is their precedence.', text('Write a name.', 64), {
    required: true,
    hint: 'Write the names of one or more providers.',
  })
  providers: string[];

  @Key(`${COUNTRY_KEY} For calls to this target.`, country)
  country?: string;

  @Key(
    'Longest time for the whole decision. What is known by then is the answer.',
    duration({ min: '50ms', max: '4500ms', why: CORE_GIVES_UP, default: '1500ms' }),
    { default: '1500ms' },
  )
  deadline = '1500ms';

  @Key(
    'How long a provider may be busy before the next one is asked as well.',
    duration({ max: '4500ms', why: CORE_GIVES_UP, default: '25ms' }),
    { default: '25ms' },
  )
  stagger = '25ms';

  @SectionsKey('What a VIP gets; the first route that fits.', () => RouteSection, {
    required: true,
    hint: 'Write at least one route with instructions.',
  })
  routes: RouteSection[];
}

export class LoggingSection {
  @Key(
    'Least important messages that are logged.',
    oneOf('a log level', ['debug', 'info', 'warn', 'error', 'silent'], 'info'),
    { default: 'info' },
  )
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent' = 'info';

  @Key(
    'Telephone numbers in logs: masked (+35850*****34) or plain.',
    oneOf('a way to log numbers', ['masked', 'plain'], 'masked'),
    { default: 'masked' },
  )
  numbers: 'masked' | 'plain' = 'masked';
}

/** The file as a whole. */
export class RootSection {
  @Key(`${COUNTRY_KEY} A target or provider may have its own.`, country)
  country?: string;

  @SectionKey('Where the service listens and whom it lets in.', () => ServerSection)
  server: ServerSection = new ServerSection();

  @SectionKey(
    'Health, metrics and the OpenAPI page on a port of their own, without TLS. Without it they are on the port of the calls.',
    () => ManagementSection,
  )
  management?: ManagementSection;

  @SectionsKey('Who may ask: API keys and HTTP Basic logins.', () => CredentialSection, {
    required: true,
    hint: 'Write at least one credential with an id and an apiKey, or a username and password.',
  })
  credentials: CredentialSection[];

  @Key(
    'Name: a configured lookup. Letters, digits, - _ and . in names.',
    mapping('Write a name and, below it, kind: and the options of that kind.'),
    { required: true },
  )
  providers: Record<string, unknown>;

  @Key(
    'Target id: what to do for calls to it. default is for calls to any other.',
    mapping('Write a targetid, or default, and, below it, providers: and routes:.'),
    { required: true },
  )
  targets: Record<string, unknown>;

  @SectionKey('What is logged.', () => LoggingSection)
  logging: LoggingSection = new LoggingSection();

  @ListKey(
    'Plug-ins that bring further kinds of provider: npm packages, or files relative to this one.',
    text('Write the name of a package or the path of a file.'),
    { mayBeEmpty: true, default: [] },
  )
  plugins: string[] = [];
}
