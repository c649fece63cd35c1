// Finds the recorded data.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readBarFile } from '../../../adapters/files/bar-file.ts';
import type { BarColumns } from '../../../core/market/bars.ts';

const folder = process.env.PLIMSOLL_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));

/** Whether the recorded data are on this machine. */
export const recordedFound = existsSync(`${folder}/README.md`);

export const recordedPath = (name: string): string => `${folder}/${name}`;

/** All series of a recorded file. */
export async function recorded(name: string): Promise<ReadonlyMap<string, BarColumns>> {
  return (await readBarFile(recordedPath(name), { symbols: 'all' })).bars;
}

/** The one series of a recorded file. */
export async function recordedSeries(name: string): Promise<BarColumns> {
  return [...(await recorded(name)).values()][0];
}
