/** A desk that was shipped, registered again in a data directory as a version of its own: it doubts twice as soon. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelRegistry } from '../../../adapters/models/registry.ts';
import type { Transition } from '../../../core/models/monitoring/lifecycle.ts';

const DESKS = join(import.meta.dirname, '../../../desks/models');

/** Returns the version, which waits as a candidate. */
export async function registerCareful(models: ModelRegistry, name: string): Promise<string> {
  const { version, manifest } = await models.version(name);
  const files = new Map<string, Uint8Array>(
    Object.keys(manifest.files).map((file) => [file, readFileSync(join(DESKS, name, version, file))]),
  );
  const careful = { ...manifest, disagreement: { limit: manifest.disagreement.limit / 2 } };
  files.set('manifest.json', new TextEncoder().encode(JSON.stringify(careful)));
  const made = await models.register(name, files, {}, { at: 0, by: 'test', reason: 'it doubts sooner' });
  return made.version;
}

/** What becomes of a model until a version is on trial. */
export function trialOf(champion: string, challenger: string, share: number): Transition[] {
  const said = { at: 1, reason: 'a drill', figures: {} };
  return [
    { kind: 'champion-seen', version: champion, ...said },
    { kind: 'queued', training: 'drill', trigger: 'schedule', ...said },
    { kind: 'training-started', training: 'drill', ...said },
    { kind: 'shadow-started', version: challenger, ...said },
    { kind: 'trial-started', version: challenger, share, ...said },
  ];
}
