/**
 * The import rules of the project: within core, imports point left only along
 *
 *   common ← plan ← spi ← functions ← stages ← engine ← loader ← main
 *
 * where the stages (parser, binder, optimizer, executor, catalog, transaction) never import one another. Plugins see
 * core only through its published entry, and only loader and main know the injection container.
 */
const stages = ['parser', 'binder', 'optimizer', 'executor', 'catalog', 'transaction']
const layers = [['common'], ['plan'], ['spi'], ['functions'], stages, ['engine'], ['loader'], ['main']]
const isTest = '\\.test\\.ts$|^core/[^/]+/testing/'

const any = (folders) => `^core/(${folders.join('|')})/`

const leftOnly = layers.slice(0, -1).map((folders, index) => ({
  name: `${folders.length > 1 ? 'stages' : folders[0]}-imports-left-only`,
  severity: 'error',
  comment: 'Imports point left along common, plan, spi, functions, stages, engine, loader, main.',
  from: { path: any(folders), pathNot: isTest },
  to: { path: any(layers.slice(index + 1).flat()) },
}))

const stagesApart = stages.map((stage) => ({
  name: `${stage}-imports-no-other-stage`,
  severity: 'error',
  comment: 'Stages are joined by the engine; they share only what lies to their left.',
  from: { path: any([stage]), pathNot: isTest },
  to: { path: any(stages.filter((other) => other !== stage)) },
}))

module.exports = {
  forbidden: [
    ...leftOnly,
    ...stagesApart,
    {
      name: 'no-cycles',
      severity: 'error',
      comment:
        'A cycle means that a third module is missing. Types that hold one another are no cycle at run time.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'core-names-no-plugin',
      severity: 'error',
      comment: 'The configuration names plugins; core never does.',
      from: { path: '^core/', pathNot: isTest },
      to: { path: '^plugins/' },
    },
    {
      name: 'plugins-use-the-published-entry',
      severity: 'error',
      comment: 'A plugin imports @switchyard/core/spi and nothing else of core.',
      from: { path: '^plugins/', pathNot: '\\.test\\.ts$' },
      to: { path: '^core/', pathNot: '^core/spi/index\\.ts$' },
    },
    {
      name: 'examples-use-published-entries',
      severity: 'error',
      comment: 'An example is a plugin, or a program that embeds the engine.',
      from: { path: '^examples/' },
      to: { path: '^core/', pathNot: '^core/(spi/index|main/embedded)\\.ts$' },
    },
    {
      name: 'plugins-do-not-import-plugins',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^plugins/', pathNot: '^plugins/$1/' },
    },
    {
      name: 'container-only-in-loader-and-main',
      severity: 'error',
      comment: 'Everything else receives its parts as constructor parameters.',
      from: { pathNot: '^core/(loader|main)/' },
      to: { path: 'node_modules/(tsyringe|reflect-metadata)/' },
    },
    {
      name: 'no-test-code-in-sources',
      severity: 'error',
      from: { path: '^(core|plugins)/', pathNot: `${isTest}|^plugins/[^/]+/testing/` },
      to: { path: '^test/|\\.test\\.ts$|/testing/' },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-package',
      severity: 'error',
      comment: 'What a workspace imports stands in its own package.json.',
      from: { path: '^(core|plugins)/', pathNot: isTest },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Our own build output only: packages have folders of that name too, and excluded ones escape every rule.
    exclude: { path: '^(core|bench|(plugins|examples)/[^/]+)/dist/' },
    tsConfig: { fileName: require('node:path').join(__dirname, 'tsconfig.check.json') },
    webpackConfig: { fileName: require('node:path').join(__dirname, 'module-aliases.cjs') },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
    cache: { folder: 'node_modules/.cache/dependency-cruiser', strategy: 'content' },
  },
}
