/** Where models that need a server of their own are served, by model: `endpoints.yaml`. Only a deployment reads it; without it nothing is made. */
import { existsSync } from 'node:fs';
import * as z from 'zod';
import { readSettings } from '../adapters/files/settings-file.ts';
import { PlimsollError } from '../core/errors.ts';

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

/** Throws `ENDPOINTS_ABSENT`, or `ENDPOINTS_INVALID` with the line and the way out. */
export function loadEndpoints(file: string): EndpointsFile {
  if (!existsSync(file))
    throw new PlimsollError(
      'ENDPOINTS_ABSENT',
      `there is no file of endpoints ${file}`,
      'create it, or deploy without -c endpoints',
    );
  return readSettings({ file, schema: endpointsSchema, code: 'ENDPOINTS_INVALID', page: 'docs/models.md' });
}
