/** What every command of models is given. */
import { resolve } from 'node:path';
import { dataDirectoryOf, loadConfiguration } from '../../../adapters/files/configuration.ts';

export interface ModelsArguments {
  readonly config: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** The data directory that is named, or else the configuration's. Throws as the configuration does. */
export const directoryOf = ({ config, data }: ModelsArguments): string =>
  data === undefined
    ? dataDirectoryOf(
        loadConfiguration({ file: config, profile: process.env.PLIMSOLL_PROFILE, environment: process.env }),
      )
    : resolve(data);
