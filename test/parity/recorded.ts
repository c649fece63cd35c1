/** Where the recorded market data are. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.PLIMSOLL_DATA ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

export const hasRecordedData = existsSync(folder);
export const recorded = (file: string): string => join(folder, file);
