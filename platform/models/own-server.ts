/** The platform's own server of models that need their library, where no other is named: it starts with the first question, beside the cycles. */
import type { TrialOf } from '../../adapters/models/models-at-hand.ts';
import type { ModelRegistry } from '../../adapters/models/registry.ts';
import { needsServer, versionsForServer } from '../../adapters/models/server-versions.ts';
import type { ModelServer } from '../../adapters/python/model-server.ts';
import { PlimsollError } from '../../core/errors.ts';

export interface OwnServerOptions {
  /** Starts one; undefined where no version that decides needs a server. */
  readonly start: (signal: AbortSignal) => Promise<ModelServer | undefined>;
  /** Tells people, in a sentence. */
  readonly tell: (sentence: string) => void;
  /** ms */
  readonly now: () => number;
}

/** Between two attempts to start it: each may cost as much as a training's Python takes to load. */
const RETRY_MS = 60_000;

export class OwnModelServer {
  readonly #options: OwnServerOptions;
  readonly #stopping = new AbortController();
  #server: ModelServer | undefined;
  #starting: Promise<void> | undefined;
  #failure: { readonly error: unknown; readonly at: number } | undefined;

  constructor(options: OwnServerOptions) {
    this.#options = options;
  }

  /** Its address. Throws `MODEL_SERVER_DOWN` while it starts, and what kept it from starting: no cycle waits for it. */
  async url(): Promise<string> {
    if (this.#server) return this.#server.url;
    if (this.#failure && this.#options.now() - this.#failure.at < RETRY_MS) throw this.#failure.error;
    this.#starting ??= this.#start();
    throw down('the server of its library is starting');
  }

  /** Also while it starts. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#starting;
    await this.#server?.stop();
  }

  async #start(): Promise<void> {
    const { start, tell, now } = this.#options;
    this.#failure = undefined;
    try {
      const server = await start(this.#stopping.signal);
      if (server === undefined) throw down('no version that decides needs a server');
      this.#server = server;
      for (const { model, version, why } of server.refused) tell(`${model} ${version} is not served: ${why}`);
      tell(`Models that need their library are asked at ${server.url}.`);
      void server.ended.then((how) => {
        this.#server = undefined;
        if (!this.#stopping.signal.aborted)
          tell(`The server of models is gone (${how}); the next question starts it again.`);
      });
    } catch (error) {
      this.#failure = { error: asDown(error), at: now() };
      if (!this.#stopping.signal.aborted) tell(`The server of models did not start: ${sentenceOf(error)}`);
    } finally {
      this.#starting = undefined;
    }
  }
}

/** The versions that decide or are on trial and need their library, as `startServerOf` takes them. */
export async function versionsThatNeedServer(registry: ModelRegistry, trialOf: TrialOf): Promise<string[]> {
  const versions = await versionsForServer(registry);
  for (const name of await registry.names()) {
    const trial = await trialOf(name);
    const version = trial && (await registry.version(name, trial.version));
    if (version && needsServer(version)) versions.push(version);
  }
  return versions.map(({ name, version }) => `${name}@${version}`);
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What keeps it from starting is no fault of the step that asks. */
const asDown = (error: unknown): unknown => (error instanceof PlimsollError ? down(sentenceOf(error), error) : error);

const down = (what: string, cause?: unknown): PlimsollError =>
  new PlimsollError('MODEL_SERVER_DOWN', what, 'see `plimsoll models serve`', { cause });
