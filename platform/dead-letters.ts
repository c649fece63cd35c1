/** What the queues of this process gave up on: cycles that become recorded gaps, so that their accounts go on. */
import type { EmbeddedQueue } from '../adapters/embedded/queue.ts';
import { streamOf } from '../core/configuration/definition.ts';
import { PlimsollError } from '../core/errors.ts';
import { type DeadLetter, QUEUES, type QueueName } from '../core/ports/queue.ts';
import { type RecordedGap, recordGap, STEP_OF } from '../functions/steps/gap.ts';
import type { CycleMessage, StepPorts } from '../functions/steps/ports.ts';

/** Letters of a queue that are looked at in one go. */
const LETTERS = 1_000;

export interface DeadLetterOptions {
  readonly ports: StepPorts;
  readonly queue: EmbeddedQueue;
  readonly onGap: (gap: RecordedGap) => void;
  /** Told of a letter that could not be recorded now; it stays, and is tried again. */
  readonly onFailure: (error: unknown, queue: QueueName) => void;
}

/**
 * Records the gap of every dead letter and removes it. One that names no cycle, or an account that is not configured, stays for
 * people to look at.
 */
export async function recordDeadLetters({ ports, queue, onGap, onFailure }: DeadLetterOptions): Promise<void> {
  const { configuration } = ports;
  const streams = new Set(configuration.accounts.map((account) => streamOf(configuration, account)));
  for (const name of QUEUES) {
    for (const letter of await queue.deadLetters(name, LETTERS)) {
      const message = cycleOf(letter);
      if (!message || !streams.has(message.stream)) continue;
      try {
        const gap = await recordGap(ports, STEP_OF[name], message);
        await queue.forget(name, letter);
        if (gap) onGap(gap);
      } catch (error) {
        if (error instanceof PlimsollError && error.code === 'CYCLE_UNKNOWN') continue;
        onFailure(error, name);
      }
    }
  }
}

function cycleOf({ body }: DeadLetter): CycleMessage | undefined {
  const { stream, cycle } = (body ?? {}) as { stream?: unknown; cycle?: unknown };
  return typeof stream === 'string' && Number.isSafeInteger(cycle) ? { stream, cycle: cycle as number } : undefined;
}
