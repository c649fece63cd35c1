/**
 * A disk that a test can fill: a small file system of its own, seen by none but the processes of the test. Where this machine lets
 * nobody make one, the shell's limit on the size of a file stands in: the same write fails, with another error of the system's.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';

export interface SmallDisk {
  /** The command that every process on the disk is started through. */
  readonly through: readonly string[];
  /** What a platform prints before the disk may be full. */
  readonly fillsAfter: RegExp;
  readonly failure: RegExp;
  fill(): void;
  makeRoom(): void;
  remove(): void;
}

/** Room for the platform's start and its first trades, log of writes included. */
const MEBIBYTES = 32;
/** Of 512 bytes: enough to open the account, not for its history. */
const BLOCKS_OF_A_FILE = 1_000;

/** As root, or as somebody who may be root of a namespace. */
const NAMESPACES = [
  { unshare: ['--mount'], nsenter: ['--mount'] },
  { unshare: ['--user', '--map-root-user', '--mount'], nsenter: ['--user', '--preserve-credentials', '--mount'] },
];
const MOUNT = 'mount -t tmpfs -o size="$2" tmpfs "$1"';
const namespace = NAMESPACES.find(({ unshare }) => run('unshare', ...unshare, ...shell(MOUNT, '/tmp', '1m')));

/** For the name of a test, so that a report says what was full. */
export const kindOfDisk = namespace ? `a file system of ${MEBIBYTES} MiB` : `files of ${BLOCKS_OF_A_FILE} blocks`;

/** Puts the disk at `directory`. */
export async function smallDisk(directory: string): Promise<SmallDisk> {
  mkdirSync(directory, { recursive: true });
  return namespace ? fileSystem(directory, namespace) : fileLimit();
}

async function fileSystem(directory: string, { unshare, nsenter }: (typeof NAMESPACES)[number]): Promise<SmallDisk> {
  // The namespace lasts as long as this process, and the file system as long as the namespace.
  const mounting = `${MOUNT} && echo mounted && exec cat`;
  const [command, ...args] = ['unshare', ...unshare, ...shell(mounting, directory, `${MEBIBYTES}m`)];
  const keeper = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(keeper.stdout, 'data');
  // Entering leaves the working directory outside, where the mount is not seen.
  const inside = ['nsenter', ...nsenter, '--target', String(keeper.pid), 'sh', '-c', 'cd "$0" && exec "$@"'];
  const ballast = `${directory}/ballast`;
  return {
    through: [...inside, `${directory}/..`],
    fillsAfter: /filled/,
    failure: /^The disk is full: .* cannot grow\. .* Make room, then start again\.\n$/,
    fill: () => {
      const isWhole = run(...inside, directory, ...shell('head -c "$2"m /dev/zero > "$1"', ballast, String(MEBIBYTES)));
      if (isWhole) throw new Error('the disk holds more than it should');
    },
    makeRoom: () => void run(...inside, directory, 'rm', ballast),
    remove: () => void keeper.kill('SIGKILL'),
  };
}

function fileLimit(): SmallDisk {
  const disk = {
    through: ['sh', '-c', `ulimit -f ${BLOCKS_OF_A_FILE} && exec "$0" "$@"`],
    fillsAfter: /trades/,
    failure: /^The disk (is full|failed to .* write) .*, then start again.*\.\n$/,
    fill: () => undefined,
    makeRoom: () => {
      disk.through = [];
    },
    remove: () => undefined,
  };
  return disk;
}

function shell(script: string, ...args: string[]): string[] {
  return ['sh', '-c', script, 'sh', ...args];
}

function run(...[command, ...args]: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
