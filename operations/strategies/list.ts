import * as z from 'zod/mini';
import { universeOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration } from '../../core/configuration/schema.ts';
import { versionsGiven } from '../../core/strategies/opinions-asked.ts';
import { findStrategy, parseParams } from '../../core/strategies/registry.ts';
import type { AnyStrategy } from '../../core/strategies/runner.ts';
import type { OperationContext } from '../operation.ts';
import { openViews } from '../support/account.ts';

export default async function list(context: OperationContext) {
  const { registry, configuration } = context.steps;
  const engines = new Map((await openViews(context)).map(({ account, engine }) => [account.id, engine]));
  const available = [...registry.values()].map(({ definition, origin, codeHash }) => ({
    name: definition.name,
    description: definition.description ?? '',
    origin,
    codeHash,
    // What cannot be said in JSON Schema is left open.
    params: z.toJSONSchema(definition.params, { io: 'input', unrepresentable: 'any' }) as unknown,
  }));
  const running = configuration.accounts.flatMap((account) =>
    runningIn(context, account, engines.get(account.id)?.paused ?? []),
  );
  return { available, running };
}

function runningIn({ steps }: OperationContext, account: AccountConfiguration, paused: readonly boolean[]) {
  const { symbols, timeframe } = universeOf(steps.configuration, account);
  return account.strategies.map((configured, index) => {
    const { definition } = findStrategy(steps.registry, configured.strategy);
    const params = parseParams(definition, configured.params);
    return {
      account: account.id,
      id: configured.id ?? configured.strategy,
      name: configured.strategy,
      params: params as unknown,
      instruments: [...(configured.instruments ?? symbols)],
      timeframe: configured.timeframe ?? timeframe,
      paused: paused[index] ?? false,
      models: versionsAsked(definition, params),
    };
  });
}

/** By the name of the model, the version that decides; one on trial, and a batch, under a name of its own. */
const versionsAsked = (definition: AnyStrategy, params: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(versionsGiven(definition, params));
