/** The endpoints of a deployment: what endpoints.yaml says of the models that its strategies ask, with the archives of their versions. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelEndpoints } from '../adapters/aws/model-endpoints.ts';
import { type PackedVersion, packedForSageMaker } from '../adapters/models/model-archive.ts';
import type { ModelRegistry, ModelVersion } from '../adapters/models/registry.ts';
import { PlimsollError } from '../core/errors.ts';
import { canonicalJson } from '../core/json.ts';
import { championBefore } from '../core/models/history.ts';
import { nearest } from '../core/nearest.ts';
import type { Hosting, ModelEndpointProps, ModelVariantProps } from './constructs/model-endpoint.ts';
import type { BundledModel, BundledVersion } from './deployed-models.ts';
import type { EndpointEntry, EndpointsFile } from './endpoints-file.ts';

export interface DeployedEndpoint extends Pick<ModelEndpointProps, 'endpointName' | 'variants' | 'shadow'> {
  readonly model: string;
  /** By version, where there are several: the variant that serves it. */
  readonly versions?: Readonly<Record<string, string>>;
}

export interface EndpointsSource {
  /** Undefined where there is no file. */
  readonly file: EndpointsFile | undefined;
  readonly models: ModelRegistry;
  /** The name of the instance. */
  readonly instance: string;
  /** Where archives are written. */
  readonly folder: string;
}

/** A version behind an endpoint, and its share of the questions that name no variant. */
interface ServedVersion {
  /** A name that stays when another version takes the place: SageMaker swaps it without a pause then. */
  readonly variant: 'champion' | 'trial';
  readonly version: BundledVersion;
  readonly weight: number;
}

/**
 * One for each model that needs one. Throws `ENDPOINT_UNUSED` for one that no strategy asks or that the platform evaluates itself, `ENDPOINT_MISSING` for a
 * model that would have nobody to answer, `ENDPOINTS_INVALID` where no image is named, `ENDPOINT_TRIAL_SERVERLESS`, and what keeps an archive from being made.
 */
export async function deployedEndpoints(
  bundled: readonly BundledModel[],
  { file, models, instance, folder }: EndpointsSource,
): Promise<DeployedEndpoint[]> {
  const entries = file?.endpoints ?? {};
  assertUsed(Object.keys(entries), bundled);
  const endpoints: DeployedEndpoint[] = [];
  for (const model of bundled) {
    const served = servedVersions(model);
    if (served.length === 0) continue;
    const entry = Object.hasOwn(entries, model.name) ? entries[model.name] : undefined;
    if (entry === undefined) throw missing(model.name);
    endpoints.push(await endpointOf(model.name, entry, served, { file, models, instance, folder }));
  }
  return endpoints;
}

/** What the function that asks is told. */
export const addressesOf = (endpoints: readonly DeployedEndpoint[]): ModelEndpoints =>
  Object.fromEntries(
    endpoints.map(({ model, endpointName: endpoint, versions: variants }) => [
      model,
      { endpoint, ...(variants && { variants }) },
    ]),
  );

async function endpointOf(
  model: string,
  entry: EndpointEntry,
  served: readonly ServedVersion[],
  { file, models, instance, folder }: EndpointsSource,
): Promise<DeployedEndpoint> {
  const image = entry.image ?? file?.image ?? noImage(model);
  const hosting: Hosting = entry.serverless
    ? { serverless: withoutUndefined(entry.serverless) }
    : { instances: entry.instances! };
  const versionsServed = await Promise.all(served.map(({ version }) => models.version(model, version.version)));
  const [first] = versionsServed;
  // A serverless endpoint has one variant, which knows both.
  if (entry.serverless && !versionsServed.every((version) => areOfOneImage(first, version)))
    throw trialServerless(model);
  const before = await versionBefore(model, models);
  const together = before ? [...versionsServed, before] : versionsServed;
  const asked = entry.serverless ? [{ ...served[0], weight: 1 }] : served;
  const variants: ModelVariantProps[] = [];
  for (const [k, { variant: name, weight }] of asked.entries()) {
    const modelData = await archiveOf(versionsServed[k], together, { models, folder });
    const { environment } = entry;
    variants.push({ name, modelData, image, hosting, weight, ...(environment && { environment }) });
  }
  const shadow = entry.shadow && {
    ...variants[0],
    name: 'shadow',
    image: entry.shadow.image ?? image,
    hosting: { instances: entry.shadow.instances },
    weight: 1,
  };
  // Another name where it has no machines: SageMaker makes no serverless endpoint of one that has.
  const endpointName = entry.name ?? `${instance}-${model}${entry.serverless ? '-serverless' : ''}`;
  const versions = Object.fromEntries(asked.map(({ version, variant }) => [version.version, variant]));
  return { model, endpointName, variants, ...(shadow && { shadow }), ...(asked.length > 1 && { versions }) };
}

function servedVersions({ trial, ...champion }: BundledModel): ServedVersion[] {
  const share = trial?.share ?? 0;
  const versions: ServedVersion[] = [{ variant: 'champion', version: champion, weight: trial ? 1 - share : 1 }];
  if (trial) versions.push({ variant: 'trial', version: trial, weight: share });
  return versions.filter(({ version }) => version.manifest.served === 'endpoint');
}

/**
 * The champion before, where an endpoint serves it. An endpoint is updated minutes before or after the step that asks it: what lies behind each of its variants
 * is all that the step may ask about meanwhile.
 */
async function versionBefore(model: string, models: ModelRegistry): Promise<ModelVersion | undefined> {
  const before = championBefore(await models.history(model));
  // One that cannot be read is no reason not to deploy: it would be asked for minutes.
  const found = before && (await models.version(model, before).catch(() => undefined));
  return found && found.manifest.served === 'endpoint' ? found : undefined;
}

/** Of a version, with those that its image serves too: a server that has to refuse one of its versions never goes into service. */
async function archiveOf(
  own: ModelVersion,
  together: readonly ModelVersion[],
  { models, folder }: Pick<EndpointsSource, 'models' | 'folder'>,
): Promise<string> {
  const ofOneImage = new Map(together.filter((each) => areOfOneImage(own, each)).map((each) => [each.version, each]));
  const packed: PackedVersion[] = [];
  for (const version of ofOneImage.values()) packed.push({ ...version, files: await models.files(version) });
  const path = join(folder, own.version, 'model.tar.gz');
  mkdirSync(join(folder, own.version), { recursive: true });
  writeFileSync(path, packedForSageMaker(packed));
  return path;
}

/** Whether the same libraries trained both: a server opens no file that another version of its library wrote. */
const areOfOneImage = (one: ModelVersion, other: ModelVersion): boolean =>
  canonicalJson(one.card.libraries ?? null) === canonicalJson(other.card.libraries ?? null);

/** An endpoint costs money: one that nobody asks is a mistake. */
function assertUsed(named: readonly string[], bundled: readonly BundledModel[]): void {
  const asked = bundled.filter((model) => servedVersions(model).length > 0).map(({ name }) => name);
  const unused = named.find((name) => !asked.includes(name));
  if (unused === undefined) return;
  const isBundled = bundled.some(({ name }) => name === unused);
  throw new PlimsollError(
    'ENDPOINT_UNUSED',
    isBundled
      ? `the platform evaluates the model "${unused}" itself, and would never ask its endpoint`
      : `no configured strategy asks a model "${unused}" that needs an endpoint`,
    asked.length > 0 ? `use ${nearest(unused, asked)}, or remove it from the file` : 'remove it from the file',
  );
}

const missing = (model: string): PlimsollError =>
  new PlimsollError(
    'ENDPOINT_MISSING',
    `the model "${model}" needs an endpoint, and the deployment has none for it`,
    `name it under endpoints in endpoints.yaml (docs/models.md), or let no strategy ask it`,
  );

function noImage(model: string): never {
  throw new PlimsollError(
    'ENDPOINTS_INVALID',
    `the endpoint of "${model}" has no image`,
    'build and push models/Dockerfile, and write its address in ECR as image',
  );
}

const trialServerless = (model: string): PlimsollError =>
  new PlimsollError(
    'ENDPOINT_TRIAL_SERVERLESS',
    `a version of "${model}" is on trial that other libraries trained, and a serverless endpoint has one image`,
    'give it instances, train the version anew, or end the trial first',
  );

/** As the construct takes it, where a key is there or not. */
function withoutUndefined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
