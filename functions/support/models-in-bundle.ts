/** The models of the deployment that this code is bundled with. */
import { join } from 'node:path';
import file from 'plimsoll-models';
import type { ModelsPort } from '../../operations/models/port.ts';
import { bundleFolder } from './bundle-folder.ts';
import { toldModels } from './told-models.ts';

export const modelsInBundle = (): ModelsPort => toldModels(join(bundleFolder(import.meta.url), file));
