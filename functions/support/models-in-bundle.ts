/** The models of the deployment that this code is bundled with. */
import file from 'plimsoll-models';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import type { ModelsPort } from '../../operations/models/port.ts';
import { bundledFile } from './bundled-file.ts';
import { toldModels } from './told-models.ts';

/** @param seen where looks at models are kept */
export const modelsInBundle = (seen: () => Promise<ObjectStore>): ModelsPort =>
  toldModels(bundledFile(file, import.meta.url), seen);
