/** The arrows between folders: who may import whom. test/architecture checks that they hold and that they can fail. */
const core = '^core/';
const outside = '^(adapters|functions|operations|lib|bin|platform|scripts|bench|dashboard|strategies)/';

export default {
  forbidden: [
    {
      name: 'core-is-pure',
      comment: 'core imports only itself',
      severity: 'error',
      from: { path: core },
      to: { path: outside },
    },
    {
      name: 'core-has-no-effects',
      comment: 'of Node, core uses only the hash of node:crypto; of packages, only zod',
      severity: 'error',
      from: { path: core },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'core-uses-zod-alone',
      severity: 'error',
      from: { path: core },
      to: { path: 'node_modules', pathNot: 'node_modules/zod/' },
    },
    {
      name: 'adapters-do-not-look-up',
      comment: 'adapters know core, and not what is built from them',
      severity: 'error',
      from: { path: '^adapters/', pathNot: '^adapters/http/' },
      to: { path: '^(functions|operations|lib|bin|platform)/' },
    },
    {
      name: 'the-product-does-not-know-its-tests',
      severity: 'error',
      from: {
        path: '^(core|adapters|functions|operations|lib|bin|platform|dashboard|strategies)/',
        pathNot: '^bin/commands/simulate\\.ts$',
      },
      to: { path: '^(test|bench|simulation)/' },
    },
    {
      name: 'venues-are-chosen-by-who-composes',
      comment: 'the steps after ingest carry no exchange',
      severity: 'error',
      from: { path: '^(functions/steps|operations)/' },
      to: { path: '^adapters/(venues|aws|embedded)/' },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: { path: '(^|/)(cdk\\.out|dashboard/dist)' },
  },
};
