/** A desk that was shipped, registered as a version that an endpoint serves. What answers in its stead here are the platform's own evaluators. */
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

/** @param doubt of the desk's own limit of disagreement: another one is another version */
export async function registerServedElsewhere(
  models: ModelRegistry,
  name: string,
  doubt = 1,
): Promise<ServedElsewhere> {
  const desk = 'gold-hourly';
  const { version, manifest } = await models.version(desk);
  const file = (each: string): Uint8Array => readFileSync(join(DESKS, desk, version, each));
  const files = new Map(Object.keys(manifest.files).map((each) => [each, file(each)]));
  const limit = manifest.disagreement.limit * doubt;
  files.set(
    'manifest.json',
    new TextEncoder().encode(JSON.stringify({ ...manifest, served: 'endpoint', disagreement: { limit } })),
  );
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
