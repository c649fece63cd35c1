import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { parseParams } from '../../core/strategies/registry.ts';

/** Lists the strategies at hand with their parameters. */
export async function strategies({ json }: { json?: boolean }): Promise<void> {
  const registry = await loadStrategies(process.cwd());
  const listed = [...registry.values()].map(({ definition, codeHash, origin }) => ({
    name: definition.name,
    description: definition.description ?? '',
    origin,
    codeHash,
    params: parseParams(definition, {}),
  }));
  if (json) {
    process.stdout.write(`${JSON.stringify(listed)}\n`);
    return;
  }
  for (const { name, description, origin, params } of listed) {
    process.stdout.write(`${name} (${origin})\n  ${description}\n  ${JSON.stringify(params)}\n`);
  }
}
