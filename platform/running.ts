/** What runs on a data directory, for the commands that look at it: the configuration as the venues have made it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../adapters/embedded/files.ts';
import { type Configuration, configurationSchema } from '../core/configuration/schema.ts';

const RUNNING_FILE = 'running.json';

export interface Running {
  readonly configuration: Configuration;
  /** ms UTC. */
  readonly startedAt: number;
  readonly url: string;
}

export function writeRunning(directory: string, running: Running): void {
  writeAtomically({
    path: join(directory, RUNNING_FILE),
    bytes: JSON.stringify(running),
    temporaryDirectory: directory,
    mode: 0o600,
  });
}

/** What last ran there, or undefined where nothing did or the file is from another release. */
export function readRunning(directory: string): Running | undefined {
  try {
    const running = JSON.parse(readFileSync(join(directory, RUNNING_FILE), 'utf8')) as Running;
    return { ...running, configuration: configurationSchema.parse(running.configuration) };
  } catch {
    return undefined;
  }
}
