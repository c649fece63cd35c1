/** Strategy code under a deadline, interrupted even in the middle of a loop. */
import { createContext, Script } from 'node:vm';
import { PlimsollError } from '../../core/errors.ts';

/** The work of a call is handed over through a global that only this script sees. */
const hidden: { work?: () => unknown } = {};
/** Made at first use: a context of its own takes a millisecond, which most starts of a function need not wait for. */
let runHidden: (<T>(timeout: number) => T) | undefined;

function prepared(): <T>(timeout: number) => T {
  const context = createContext(hidden);
  const script = new Script('work()', { filename: 'deadline' });
  return (timeout) => script.runInContext(context, { timeout, displayErrors: false });
}

/**
 * Runs `work` to its end and returns what it returned; what it throws passes through. Throws `STRATEGY_TIMEOUT` when it takes
 * longer than `timeoutMs`: V8 then ends it where it stands, so whatever it was changing may be half changed. Only what runs
 * synchronously is interrupted.
 * @param what who is blamed: "the strategies of this cycle"
 */
export function withDeadline<T>(timeoutMs: number, what: string, work: () => T): T {
  const outer = hidden.work;
  hidden.work = work;
  try {
    runHidden ??= prepared();
    return runHidden(Math.max(1, Math.ceil(timeoutMs)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException | undefined)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new PlimsollError(
      'STRATEGY_TIMEOUT',
      `${what} took longer than ${timeoutMs} ms`,
      'look for a loop that does not end, or raise strategyTimeoutMs',
      { kept: 'nothing of what it proposed in this cycle counts' },
    );
  } finally {
    hidden.work = outer;
  }
}
