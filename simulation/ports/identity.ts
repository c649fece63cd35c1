import type { IdentityPort, Principal } from '../../core/ports/identity.ts';

/** Tokens in memory, each valid until its time. */
export class SimulatedIdentity implements IdentityPort {
  readonly #now: () => number;
  readonly #tokens = new Map<string, { readonly principal: Principal; readonly until: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(principal: Principal, ttlMs: number): string {
    const token = `token-${String(this.#tokens.size + 1).padStart(6, '0')}`;
    this.#tokens.set(token, { principal, until: this.#now() + ttlMs });
    return token;
  }

  async authenticate(token: string): Promise<Principal | undefined> {
    const known = this.#tokens.get(token);
    return known && this.#now() < known.until ? { ...known.principal, admins: this.#admins() } : undefined;
  }

  /** How many could approve. */
  #admins(): number {
    const names = new Set<string>();
    for (const { principal, until } of this.#tokens.values())
      if (principal.roles.includes('admin') && this.#now() < until) names.add(principal.name);
    return names.size;
  }
}
