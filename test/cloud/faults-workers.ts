/** The processes in which the emulated cloud runs functions: those of the cloud that this process started, and no others. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const programs = promisify(execFile);

interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Of one function, by its name. Empty before its first call, and after its end until the next. */
export async function workersOf(functionName: string): Promise<number[]> {
  const running = await everyProcess();
  const clouds = running.filter(({ parent, command }) => parent === process.pid && command.includes('emulator.py'));
  const parents = new Set(clouds.map(({ pid }) => pid));
  return running
    .filter(({ parent, command }) => parents.has(parent) && command.includes(`ministack-lambda-${functionName}-`))
    .map(({ pid }) => pid);
}

/** One that has ended meanwhile hears nothing. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (problem) {
      if ((problem as NodeJS.ErrnoException).code !== 'ESRCH') throw problem;
    }
  }
}

async function everyProcess(): Promise<Running[]> {
  const { stdout } = await programs('ps', ['-axww', '-o', 'pid=,ppid=,args='], { maxBuffer: 64 * 1_024 * 1_024 });
  return stdout.split('\n').flatMap((line) => {
    const found = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    return found ? [{ pid: Number(found[1]), parent: Number(found[2]), command: found[3] }] : [];
  });
}
