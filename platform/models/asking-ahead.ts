/** Commands over recorded bars whose models are asked elsewhere. */
import { askingOf } from '../../adapters/models/asking.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { AskModel } from '../../core/ports/model-server.ts';
import { type RunningModelServer, startServerOf } from './model-server.ts';
import { versionsThatNeedServer } from './own-server.ts';
import { modelsIn, trialsAt } from './strategies-at-hand.ts';

/** For one question of a thousand rows: nothing waits for it but the command. */
const ANSWER_MS = 60_000;

/** Gives `work` the way to the models of a data directory. A server of its own is started where it asks one and none is named, and is gone afterwards. */
export async function withAsking<T>(directory: string, work: (ask: AskModel) => Promise<T>): Promise<T> {
  const registry = modelsIn(directory, { readOnly: true });
  let server: Promise<RunningModelServer | undefined> | undefined;
  const start = async (): Promise<RunningModelServer | undefined> =>
    startServerOf({ directory, registry, names: await versionsThatNeedServer(registry, trialsAt(directory)) });
  const asking = askingOf({
    registry,
    environment: process.env,
    timeoutMs: ANSWER_MS,
    server: async () => {
      server ??= start();
      const url = (await server)?.url;
      if (url === undefined)
        throw new PlimsollError(
          'MODEL_SERVER_DOWN',
          'no version that decides needs a server',
          'see `plimsoll models list`',
        );
      return url;
    },
  });
  try {
    return await work(asking.ask);
  } finally {
    await asking.close();
    await (await server?.catch(() => undefined))?.stop();
  }
}
