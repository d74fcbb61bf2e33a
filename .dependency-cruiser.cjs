/** Who may import whom; the rooms are described in CONTRIBUTING.md. */
const room = (name, allowed, why) => ({
  name: `room-${name.replace('/', '-')}`,
  severity: 'error',
  comment: why,
  from: { path: `^src/${name}/`, pathNot: '\\.(spec|contract)\\.ts$' },
  to: { path: '^src/', pathNot: `^src/(${[name, ...allowed].join('|')})/` },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'src-never-imports-test',
      severity: 'error',
      from: { path: '^src', pathNot: '\\.(spec|contract)\\.ts$' },
      to: { path: '^(test|bench)' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      from: { path: '^src', pathNot: '\\.(spec|contract)\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'] },
    },
    room('common', [], 'helpers with no business word'),
    room(
      'config',
      ['common'],
      'the engine knows nothing of what it configures: each room has its own *.config.ts',
    ),
    room('observability', ['common', 'config'], 'everybody may count and log; see docs/adr/0003'),
    room(
      'lookup',
      ['common', 'config', 'plugin-api', 'observability'],
      'the decision clock knows no provider and no HTTP',
    ),
    room('plugin-api', ['common'], 'a plug-in sees the port, not the engine'),
    room('database', ['plugin-api'], 'sessions, nodes, pool and migrations, whoever keeps something in them'),
    room(
      'store',
      ['lookup', 'plugin-api', 'database', 'config', 'observability'],
      "what providers keep, in the service's own database",
    ),
    room('providers', ['plugin-api', 'database'], 'built-ins are written exactly as an outsider would'),
    {
      name: 'only-the-database-provider-has-the-database',
      severity: 'error',
      from: { path: '^src/providers/(?!database/)', pathNot: '\\.(spec|contract)\\.ts$' },
      to: { path: '^src/database/' },
    },
    room('http', ['common', 'config', 'observability'], 'HTTP plumbing without business'),
    room('auth', ['common', 'config', 'http', 'observability'], 'who is asking'),
    room(
      'routing',
      ['common', 'config', 'plugin-api', 'auth', 'http', 'lookup', 'observability'],
      'the way of a call',
    ),
    room('health', ['common', 'config', 'lookup', 'http', 'observability'], 'what operations see'),
    {
      name: 'providers-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/providers/([^/]+)/' },
      to: { path: '^src/providers/', pathNot: '^src/providers/$1/' },
    },
    {
      name: 'the-process-that-reads-answers-starts-at-once',
      severity: 'error',
      comment: 'the plug-in API loads the numbering plans, and each provider has a process or two',
      from: {
        path: '^src/providers/crm-http/(crm-http\\.(evaluator\\.child|exponents|expressions)|libraries)\\.ts$',
      },
      to: { path: '^src/', pathNot: '^src/providers/crm-http/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-framework-in-the-core',
      severity: 'error',
      comment: 'Express and TypeORM stay out of lookup/ and plugin-api/',
      from: { path: '^src/(lookup|plugin-api)/', pathNot: '\\.spec\\.ts$' },
      to: { path: 'node_modules/(express|@nestjs/platform-express|typeorm|mysql2|pg|libsql)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
