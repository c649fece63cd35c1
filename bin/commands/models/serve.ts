/** A model server on this machine, for versions that need their library. */
import { PlimsollError } from '../../../core/errors.ts';
import { startServerOf } from '../../../platform/models/model-server.ts';
import { modelsIn } from '../../../platform/models/strategies-at-hand.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { say } from './print.ts';

export interface ServeArguments extends ModelsArguments {
  readonly port: number;
}

const MOST_PORT = 65_535;

/**
 * Serves until Ctrl-C or SIGTERM.
 * @param names `NAME` for its champion, or `NAME@VERSION`; the champions of all models that need a server where none is named
 * Throws `USAGE`, as `startServerOf`, `MODEL_VERSION_NOT_SERVED` where it serves none, and `MODEL_SERVER_DOWN` where it ended by itself.
 */
export async function serve(names: readonly string[], given: ServeArguments): Promise<void> {
  if (given.port > MOST_PORT) throw new PlimsollError('USAGE', `--port is ${given.port}`, `use 0 to ${MOST_PORT}`);
  const directory = directoryOf(given);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const registry = modelsIn(directory, { readOnly: true });
  const server = await startServerOf({ directory, registry, names, port: given.port, signal: stopping.signal });
  if (server === undefined)
    throw new PlimsollError(
      'MODEL_NEEDS_NO_SERVER',
      'no model that decides here needs a server',
      'name a version that does not decide as NAME@VERSION, or promote one (docs/models.md)',
    );
  const { url, versions, refused, ended } = server;
  try {
    if (given.json) say(JSON.stringify({ url, versions, refused }));
    else {
      for (const { model, version, why } of refused) say(`${model} ${version} is not served: ${why}`);
      for (const { model, version } of versions) say(`${model} ${version} is served at ${url}`);
    }
    if (versions.length === 0)
      throw new PlimsollError(
        'MODEL_VERSION_NOT_SERVED',
        `no version is served: ${refused.map(({ why }) => why).join('; ')}`,
        'put right what it says',
      );
    if (!given.json)
      say(
        `The platform asks it where PLIMSOLL_MODEL_SERVER=${url} is set. It knows the versions of now: start it again after a promotion. Ctrl-C ends it.`,
      );
    const how = await ended;
    if (!stopping.signal.aborted)
      throw new PlimsollError('MODEL_SERVER_DOWN', `the model server is gone: ${how}`, 'start it again');
  } finally {
    await server.stop();
  }
}
