/** The arrows between rooms: jobs knows every stage, the stages do not know each other. */
const stages = 'config-history|extraction|schema|loader|jobs';
const ground = '(database|settings)/|(errors|backoff|retry|nearest-word)\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'stages-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/(config-history|extraction|schema)/' },
      to: { path: `^src/(${stages})/`, pathNot: '^src/($1/|config-history/api-source-config\\.ts$)' },
    },
    {
      name: 'schema-knows-no-config',
      severity: 'error',
      from: { path: '^src/schema/' },
      to: { path: '^src/config-history/' },
    },
    {
      name: 'loader-knows-schema-types-only',
      severity: 'error',
      from: { path: '^src/loader/' },
      to: { path: '^src/(config-history|extraction|jobs)/' },
    },
    {
      name: 'loader-takes-schema-contract-only',
      severity: 'error',
      from: { path: '^src/loader/' },
      to: { path: '^src/schema/', pathNot: '^src/schema/(stage|column-types)\\.ts$' },
    },
    {
      name: 'ground-knows-no-stage',
      severity: 'error',
      from: { path: `^src/(${ground})` },
      to: { path: `^src/(${stages})/` },
    },
    {
      name: 'no-test-in-production',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^test/|\\.spec\\.ts$' },
    },
    { name: 'not-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node'] },
  },
};
