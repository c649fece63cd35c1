/** A desk that was shipped, registered as a version that an endpoint serves. What answers in its stead here are the platform's own evaluators. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelRegistry } from '../../adapters/models/registry.ts';
import { evaluatorOf } from '../../core/models/native/index.ts';
import type { AskModel } from '../../core/ports/model-server.ts';

const DESKS = join(import.meta.dirname, '../../desks/models');

export interface ServedElsewhere {
  readonly version: string;
  /** Says what an endpoint of it would say. */
  readonly ask: AskModel;
}

/**
 * @param doubt of the desk's own limit of disagreement: another one is another version
 * @param libraries of its card, by name; those of the desk where there are none
 */
export async function registerServedElsewhere(
  models: ModelRegistry,
  name: string,
  doubt = 1,
  libraries?: Readonly<Record<string, string>>,
): Promise<ServedElsewhere> {
  const desk = 'gold-hourly';
  const { version, manifest } = await models.version(desk);
  const file = (each: string): Uint8Array => readFileSync(join(DESKS, desk, version, each));
  const files = new Map(Object.keys(manifest.files).map((each) => [each, file(each)]));
  const limit = manifest.disagreement.limit * doubt;
  const text = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const hashes = { ...manifest.files };
  if (libraries) {
    const card = text({ ...JSON.parse(new TextDecoder().decode(files.get('card.json'))), libraries });
    files.set('card.json', card);
    hashes['card.json'] = hash('sha256', card);
  }
  files.set('manifest.json', text({ ...manifest, files: hashes, served: 'endpoint', disagreement: { limit } }));
  const members = manifest.members.map((member) => evaluatorOf(files.get(member.file)!));
  const ask: AskModel = async ({ rows }) =>
    rows.map((row) =>
      members.map((member) => {
        const out = new Float64Array(2);
        member.predict(row, out);
        return out[1];
      }),
    );
  const deed = { at: 0, by: 'test', reason: 'as an endpoint serves it' };
  const made = await models.register(name, files, {}, deed, ask);
  return { version: made.version, ask };
}
