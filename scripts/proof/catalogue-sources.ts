/** What the figures of the catalogue depend on. */
import { globSync } from 'node:fs';
import { hashOf, ROOT } from './sources.ts';

/** By group of libraries, the folder of `.cache` in which its Python is made. That of `core` is the one that the tests make, too. */
export const GROUPS = { core: 'training-venv', classical: 'classical-venv' } as const;
export type Group = keyof typeof GROUPS;
export const GROUP_NAMES = Object.keys(GROUPS) as Group[];

const SOURCE_DIGITS = 16;

/** The start of the SHA-256 over the sources that a group is fitted with, hex. */
export const sourcesOf = (group: Group): string => hashOf(filesOf(group)).slice(0, SOURCE_DIGITS);

/** All of them, and how they are run, below the root. */
export const catalogueEntries = (): string[] => [
  ...new Set([...GROUP_NAMES.flatMap(filesOf), 'scripts/proof/catalogue.ts']),
];

/** What the scores rest on. How near an export comes to its library is proven by itself (proof/onnx-parity.json). */
function filesOf(group: Group): string[] {
  const rows = ['scoring', 'splits', 'table', 'job/determinism', 'catalogue/data', 'catalogue/entry', 'catalogue/fit'];
  const models = globSync(DECLARED[group], { cwd: ROOT }).map((path) => path.replaceAll('\\', '/'));
  return [
    ...rows.map((name) => `models/plimsoll_models/${name}.py`),
    ...models,
    `models/requirements/${group}.txt`,
  ].sort();
}

const DECLARED: Readonly<Record<Group, string>> = {
  core: 'models/plimsoll_models/catalogue/{classifiers,regressors,unsupervised}.py',
  classical: 'models/plimsoll_models/catalogue/classical/*.py',
};
