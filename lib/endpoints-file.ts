/** Where models that need a server of their own are served, by model: `endpoints.yaml`. Only a deployment reads it; without it nothing is made. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import * as z from 'zod';
import { Layers, originText, type Path, pathText, yamlLayer } from '../adapters/files/configuration-layers.ts';
import { keysAt, wantedAt } from '../adapters/files/configuration-schema.ts';
import { PlimsollError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

/** Bounds are those of AWS, which the construct knows: lib/constructs/model-endpoint-rules.ts. */
const instances = z.strictObject({
  /** Such as `ml.c7i.large`. It costs by the hour, asked or not. */
  type: z.string(),
  count: z.int().default(1),
});
const serverless = z.strictObject({
  memoryMb: z.int(),
  /** Questions at a time. */
  maxConcurrency: z.int(),
  /** Places kept ready, which cost by the hour. */
  provisionedConcurrency: z.int().optional(),
});
const endpoint = z
  .strictObject({
    /** @default the instance's name and the model's */
    name: z.string().optional(),
    /** @default the file's */
    image: z.string().optional(),
    environment: z.record(z.string(), z.string()).optional(),
    instances: instances.optional(),
    serverless: serverless.optional(),
    /** The same version on another image or other machines: it is sent what the endpoint is sent, and answers nobody. */
    shadow: z.strictObject({ image: z.string().optional(), instances }).optional(),
  })
  .refine(({ instances, serverless }) => (instances === undefined) !== (serverless === undefined), {
    message: 'either instances or serverless, one of the two',
  });
const endpointsSchema = z.strictObject({
  /** In ECR, with `models/Dockerfile` built and pushed. */
  image: z.string().optional(),
  endpoints: z.record(z.string(), endpoint),
});

export type EndpointsFile = z.infer<typeof endpointsSchema>;
export type EndpointEntry = z.infer<typeof endpoint>;

const MAX_FILE_BYTES = 100_000;

/** Throws `ENDPOINTS_ABSENT`, or `ENDPOINTS_INVALID` with the line and the way out. */
export function loadEndpoints(file: string): EndpointsFile {
  if (!existsSync(file))
    throw new PlimsollError(
      'ENDPOINTS_ABSENT',
      `there is no file of endpoints ${file}`,
      'create it, or deploy without -c endpoints',
    );
  if (statSync(file).isDirectory() || statSync(file).size > MAX_FILE_BYTES)
    throw invalid(`${file} is a folder or larger than ${MAX_FILE_BYTES} bytes`, 'name a file of endpoints');
  const layers = new Layers();
  layers.add(layerOf(file));
  const read = endpointsSchema.safeParse(layers.value);
  if (read.success) return read.data;
  const { issues } = read.error;
  // A key that is not known explains one that is missing.
  throw said(issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0], layers, file);
}

function layerOf(file: string): ReturnType<typeof yamlLayer> {
  try {
    return yamlLayer(basename(file), readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof PlimsollError)
      throw invalid(error.message, 'correct it; docs/models.md shows what the file holds');
    throw error;
  }
}

function said(issue: z.core.$ZodIssue, layers: Layers, file: string): PlimsollError {
  const path = issue.path as Path;
  const where = (at: Path): string => originText(layers.placeOf(at) ?? { kind: 'file', file: basename(file) });
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    const inside = path.length > 0 ? ` in ${pathText(path)}` : '';
    const known = keysAt(endpointsSchema, path, layers.value);
    return invalid(`in ${where([...path, key])} there is no key "${key}"${inside}`, `use ${nearest(key, known)}`);
  }
  const given = layers.at(path);
  const shown = (JSON.stringify(given) ?? String(given)).slice(0, 80);
  const what =
    given === undefined ? `${pathText(path)} is missing` : `${pathText(path) || 'what it holds'} is ${shown}`;
  return invalid(`in ${where(path)} ${what}`, `write ${wantedAt(issue, endpointsSchema, layers.value)}`);
}

const invalid = (what: string, remedy: string): PlimsollError => new PlimsollError('ENDPOINTS_INVALID', what, remedy);
