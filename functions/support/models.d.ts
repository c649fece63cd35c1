/** What a deployment tells of models: written at synthesis (lib/told-models.ts), for the function that serves the API. */
declare module 'plimsoll-models' {
  /** The path of a `ToldModels`, gzipped, from the folder of the bundle on. */
  const file: string;
  export default file;
}
