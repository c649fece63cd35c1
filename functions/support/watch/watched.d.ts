/** What a deployment watches: written at synthesis (lib/deployed-watch.ts), for the function that looks at models. */
declare module 'plimsoll-watched' {
  export const watch: import('./watched-models.ts').DeployedWatch;
}
