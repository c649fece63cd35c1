import { expect, it } from 'vitest';
import { bundledFile } from '../../../functions/support/bundled-file.ts';

it.each([
  ['the module that is loaded', './models/gold-1A.model', 'index.mjs'],
  ['a part', '../models/gold-1A.model', 'parts/told-2B.mjs'],
  ['a part, asked for by the module that is loaded', '../models/gold-1A.model', 'index.mjs'],
  ['the module that is loaded, asked for by a part', './models/gold-1A.model', 'parts/told-2B.mjs'],
  ['a test', 'models/gold-1A.model', 'index.mjs'],
])('a file is found where the bundle has it, whichever module imports it: %s', (_, file, module) => {
  expect(bundledFile(file, `file:///var/task/${module}`)).toBe('/var/task/models/gold-1A.model');
});
