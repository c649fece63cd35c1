/** A strategy as the ledger registers it: what it is, and what makes its checkpoint its own. */
import type { Json } from '../json.ts';
import { versionsGiven } from './opinions-asked.ts';
import type { RunningStrategy } from './runner.ts';

export function registration(running: RunningStrategy): Record<string, Json> {
  const models = modelsOf(running);
  return {
    id: running.id,
    name: running.definition.name,
    params: JSON.parse(JSON.stringify(running.params)),
    codeHash: running.codeHash,
    instruments: [...running.instruments],
    timeframe: running.timeframe,
    allocation: running.allocation,
    ...(models ? { models } : {}),
  };
}

/** By name, the versions of the models that it asks and of the batches that it reads; undefined where there are none. */
function modelsOf({ definition, params }: RunningStrategy): Record<string, string> | undefined {
  const given = versionsGiven(definition, params);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}
