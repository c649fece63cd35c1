/**
 * Makes the environments of Python that many test files need, before the first of them starts: two files at a time would each make their
 * own. Where one cannot be made, each test that needs it says why.
 *
 *     node scripts/test-pythons.ts
 */
import { pythonWithMiniStack } from '../test/cloud/harness/python.ts';
import { pythonWithTraining } from '../test/python/training.ts';

await Promise.allSettled([pythonWithTraining(), pythonWithMiniStack()]);
