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
    room('config', ['common'], 'configuration knows nothing of what it configures'),
    room('observability', ['common', 'config'], 'everybody may count and log; see docs/adr/0003'),
    room('lookup', ['common', 'config', 'observability'], 'the decision clock knows no provider and no HTTP'),
    room(
      'store',
      ['lookup', 'plugin-api', 'providers/database', 'config', 'observability'],
      "what providers keep, in the service's own database",
    ),
    room('plugin-api', ['lookup/port', 'common'], 'a plug-in sees the port, not the engine'),
    room('providers', ['plugin-api'], 'built-ins are written exactly as an outsider would'),
    room('http', ['common', 'config', 'observability'], 'HTTP plumbing without business'),
    room('auth', ['common', 'config', 'http', 'observability'], 'who is asking'),
    room('routing', ['common', 'config', 'auth', 'http', 'lookup', 'observability'], 'the way of a call'),
    room('health', ['common', 'config', 'lookup', 'http', 'observability'], 'what operations see'),
    {
      name: 'port-is-self-contained',
      severity: 'error',
      from: { path: '^src/lookup/port/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(lookup/port|common)/' },
    },
    {
      name: 'providers-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/providers/([^/]+)/' },
      to: { path: '^src/providers/', pathNot: '^src/providers/$1/' },
    },
    {
      name: 'no-framework-in-the-core',
      severity: 'error',
      comment: 'Express and TypeORM stay out of lookup/ and plugin-api/',
      from: { path: '^src/(lookup|plugin-api)/', pathNot: '\\.spec\\.ts$' },
      to: { path: 'node_modules/(express|@nestjs/platform-express|typeorm|mysql2|libsql)/' },
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
