/** Who is asking. Viewers read; traders command; admins also change settings and identities. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** How many principals, this one included, hold the role admin, where the port can tell; else it is taken for the only one. */
  readonly admins?: number;
}

export const ROLES = ['viewer', 'trader', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The identity port: a bearer token becomes a principal, or undefined when it is unknown, malformed or expired. */
export interface IdentityPort {
  authenticate(token: string): Promise<Principal | undefined>;
}

/** Whether a principal may do what asks for `role`: a role includes those before it in {@link ROLES}. */
export function mayAct(principal: Principal, role: Role): boolean {
  return principal.roles.some((held) => ROLES.indexOf(held) >= ROLES.indexOf(role));
}
