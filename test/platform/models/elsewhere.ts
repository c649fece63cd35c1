/** A version that a server answers for: what it says is what two neurons say that were set by hand, as in `versions.ts`. */
import { hash } from 'node:crypto';
import { sageMakerEndpoint } from '../../../adapters/aws/sagemaker-endpoint.ts';
import type { ModelRegistry } from '../../../adapters/models/registry.ts';
import type { Ensemble } from '../../../core/models/ensemble.ts';
import type { AskModel } from '../../../core/ports/model-server.ts';
import { type EndpointServer, endpointServer, json } from '../../adapters/aws/endpoint-server.ts';

/**
 * Registers `native` once more under another name, as one that is asked elsewhere; returns its version.
 * @param ask answers as its library would
 */
export async function registeredElsewhere(
  registry: ModelRegistry,
  { name, twin, native }: { readonly name: string; readonly twin: string; readonly native: string },
  ask: AskModel,
): Promise<string> {
  const found = await registry.version(twin, native);
  const files = new Map(await registry.files(found));
  const manifest = {
    ...found.manifest,
    served: 'endpoint',
    members: [{ name: 'neurons', file: 'neurons.pickle', weight: 1 }],
  };
  const pickle = new TextEncoder().encode(`stands for a pickle of ${native}`);
  files.delete('neurons.model');
  files.set('neurons.pickle', pickle);
  const { 'neurons.model': _, ...others } = found.manifest.files;
  const made = { ...manifest, files: { ...others, 'neurons.pickle': hash('sha256', pickle) } };
  files.set('manifest.json', new TextEncoder().encode(JSON.stringify(made)));
  const { version } = await registry.register(name, files, {}, { at: 1, by: 'a test', reason: 'to ask it' }, ask);
  return version;
}

/** A server on the loopback address that says what an ensemble does; what it is told to do instead, it does. */
export interface NeuronServer {
  readonly server: EndpointServer;
  readonly ask: AskModel;
  /** Rows that it was asked about so far. */
  rows(): number;
  /** Undefined: what the ensemble says. A status alone: refused with it. Else the answer. */
  does: (rows: readonly (readonly number[])[], nth: number) => number | readonly (readonly number[])[] | undefined;
  close(): Promise<void>;
}

/** @param models the endpoints that it has */
export async function neuronServer(ensemble: Ensemble, models: readonly string[]): Promise<NeuronServer> {
  const server = await endpointServer(({ body: { version, rows } }, response, nth) => {
    const told = made.does(rows, nth);
    if (typeof told === 'number') return json(response, told, { message: 'no' });
    const up = told ?? rows.map((row) => ensemble.opinion(Float64Array.from(row)).members);
    // JSON has no word for what is no number.
    return json(response, 200, { version, up });
  });
  const endpoints = Object.fromEntries(models.map((model) => [model, { endpoint: model }]));
  const made: NeuronServer = {
    server,
    ask: sageMakerEndpoint({ endpoints, timeoutMs: 10_000, access: { url: server.url } }),
    rows: () => server.seen.reduce((sum, { body }) => sum + body.rows.length, 0),
    does: () => undefined,
    close: () => server.close(),
  };
  return made;
}
