import { loadConfiguration, originText } from '../../adapters/files/configuration.ts';

/** Prints every value in force and where it came from. */
export async function configShow({
  config,
  json,
}: {
  readonly config: string;
  readonly json?: boolean;
}): Promise<void> {
  const { configuration, origins, files } = loadConfiguration({
    file: config,
    profile: process.env.PLIMSOLL_PROFILE,
    environment: process.env,
  });
  const values = [...origins].map(([path, { value, origin }]) => ({ path, value, origin: originText(origin) }));
  if (json) {
    process.stdout.write(`${JSON.stringify({ files, configuration, values })}\n`);
    return;
  }
  const width = Math.max(...values.map(({ path }) => path.length));
  const written = Math.max(...values.map(({ value }) => JSON.stringify(value).length));
  for (const { path, value, origin } of values) {
    process.stdout.write(`${path.padEnd(width)}  ${JSON.stringify(value).padEnd(written)}  ${origin}\n`);
  }
}
