/** Where the sweeps of a deployment run, from the outputs of `cdk deploy`. */
import { readFile } from 'node:fs/promises';
import { loadConfiguration } from '../../../../adapters/files/configuration.ts';
import { PlimsollError } from '../../../../core/errors.ts';

export interface SweepDeployment {
  /** ARN of the state machine. */
  readonly machine: string;
  readonly bucket: string;
}

/** Throws `USAGE`, `FILE_NOT_READ`, and `DEPLOYMENT_UNKNOWN` where the outputs are not those of the instance of the configuration. */
export async function sweepDeployment(outputs: string | undefined, config: string): Promise<SweepDeployment> {
  if (outputs === undefined)
    throw new PlimsollError(
      'USAGE',
      '--on aws was given without --outputs',
      'name the file that cdk deploy --outputs-file has written',
    );
  const sources = { file: config, profile: process.env.PLIMSOLL_PROFILE, environment: process.env };
  const { name } = loadConfiguration(sources).configuration.instance;
  const found = await read(outputs);
  const machine = found?.[`${name}-research`]?.SweepMachine;
  const bucket = found?.[`${name}-data`]?.LakeBucket;
  if (typeof machine === 'string' && typeof bucket === 'string') return { machine, bucket };
  throw new PlimsollError(
    'DEPLOYMENT_UNKNOWN',
    `the outputs of the deployment name no sweeps of "${name}"`,
    'deploy all stacks with --outputs-file, and name the configuration that was deployed with --config',
  );
}

type Outputs = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>> | null;

async function read(file: string): Promise<Outputs> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Outputs;
  } catch (cause) {
    throw new PlimsollError(
      'FILE_NOT_READ',
      'the file of outputs could not be read as JSON',
      'name the file that cdk deploy --outputs-file has written',
      { cause },
    );
  }
}
