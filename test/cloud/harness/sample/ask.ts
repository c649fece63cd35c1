import { modelEndpointsIn } from '../../../../adapters/aws/model-endpoints.ts';
import { sageMakerEndpoint } from '../../../../adapters/aws/sagemaker-endpoint.ts';
import { PlimsollError } from '../../../../core/errors.ts';

interface Asked {
  readonly model: string;
  readonly version: string;
  readonly rows: readonly (readonly number[])[];
}

const ask = sageMakerEndpoint({ endpoints: modelEndpointsIn(process.env) ?? {}, timeoutMs: 10_000 });

/** What the endpoint answers, or why it does not. */
export async function handler({ model, version, rows }: Asked) {
  try {
    return { answers: await ask({ model, version, rows: rows.map((row) => Float64Array.from(row)) }) };
  } catch (error) {
    if (error instanceof PlimsollError) return { code: error.code, message: error.message };
    throw error;
  }
}
