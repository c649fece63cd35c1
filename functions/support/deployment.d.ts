/** What a deployment was made from: written at synthesis (lib/deployment.ts) and bundled into every function. */
declare module 'plimsoll-deployment' {
  /** The platform's version. */
  export const version: string;
  /** As validated at synthesis, defaults filled in. */
  export const configuration: import('../../core/configuration/schema.ts').Configuration;
  /** The built-in strategies and the user's own. */
  export const registry: import('../../core/strategies/registry.ts').StrategyRegistry;
  /** The versions that ONNX Runtime evaluates, and what asks it; undefined where there are none. */
  export const onnx:
    | { readonly versions: readonly string[]; readonly ask: import('../../core/ports/model-server.ts').AskModel }
    | undefined;
}
