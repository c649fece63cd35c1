/** Executions of the state machine that runs sweeps: started once under a name, found again, followed. */
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { PlimsollError } from '../../core/errors.ts';
import { awsError } from './aws-errors.ts';
import { startedOnce } from './executions.ts';

export interface SweepExecution {
  readonly arn: string;
  readonly state: 'running' | 'succeeded' | 'failed';
  /** Why it failed, as Step Functions has it. */
  readonly why?: string;
}

/** Items of a run of the map that are over, of all. */
export interface MapProgress {
  readonly done: number;
  readonly total: number;
  /** Under which its results are written. */
  readonly run: string;
}

/** Attempts of one sweep with the same items. */
const MOST_ATTEMPTS = 50;
/** Executions that run at the same time, among which one is looked for. */
const LISTED = 1_000;
const SHOWN_LENGTH = 500;

export class SweepExecutions {
  readonly #client: SFNClient;
  readonly #machine: string;

  constructor(client: SFNClient, machine: string) {
    this.#client = client;
    this.#machine = machine;
  }

  /** The one that runs under a name that begins so; undefined where none does. */
  async running(prefix: string): Promise<SweepExecution | undefined> {
    const command = new ListExecutionsCommand({
      stateMachineArn: this.#machine,
      statusFilter: 'RUNNING',
      maxResults: LISTED,
    });
    const { executions = [] } = await this.#asked('list executions in Step Functions', () =>
      this.#client.send(command),
    );
    const found = executions.find(({ name }) => name?.startsWith(prefix));
    return found && { arn: found.executionArn!, state: 'running' };
  }

  /**
   * Starts one, or finds the one that runs under the same name with the same input: however often a start is repeated, one runs. A name
   * whose execution is over is not used again, so the next attempt has the next. Throws `SWEEP_ATTEMPTS_SPENT`.
   */
  async start(name: string, input: object): Promise<SweepExecution> {
    const arn = await startedOnce(this.#client, this.#machine, { name, input, most: MOST_ATTEMPTS });
    if (arn !== undefined) return { arn, state: 'running' };
    throw new PlimsollError(
      'SWEEP_ATTEMPTS_SPENT',
      `the sweep was begun ${MOST_ATTEMPTS} times with the same work left`,
      'look at its executions in Step Functions, and at the log of its function',
      { kept: 'what it had run' },
    );
  }

  async describe(arn: string): Promise<SweepExecution> {
    const { status, error, cause } = await this.#asked('look at an execution in Step Functions', () =>
      this.#client.send(new DescribeExecutionCommand({ executionArn: arn })),
    );
    if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return { arn, state: 'running' };
    if (status === 'SUCCEEDED') return { arn, state: 'succeeded' };
    const why = [status, error, cause?.slice(0, SHOWN_LENGTH)].filter(Boolean).join(': ');
    return { arn, state: 'failed', why };
  }

  /** Undefined until its map has begun. */
  async progress(arn: string): Promise<MapProgress | undefined> {
    const { mapRuns = [] } = await this.#asked('list the map runs of an execution', () =>
      this.#client.send(new ListMapRunsCommand({ executionArn: arn })),
    );
    const mapRunArn = mapRuns[0]?.mapRunArn;
    if (mapRunArn === undefined) return undefined;
    const { itemCounts } = await this.#asked('look at a map run in Step Functions', () =>
      this.#client.send(new DescribeMapRunCommand({ mapRunArn })),
    );
    const { succeeded = 0, failed = 0, timedOut = 0, aborted = 0, total = 0 } = itemCounts ?? {};
    return { done: succeeded + failed + timedOut + aborted, total, run: mapRunArn.split(':').at(-1)! };
  }

  async #asked<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw awsError(what, error);
    }
  }
}
