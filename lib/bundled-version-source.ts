/** A version of a model as a module of the deployment says it: literals, and imports of the files that the bundler takes along. */
import type { BundledVersion } from './deployed-models.ts';

/** Imports of files, each under a name of its own within one module. */
export class FileImports {
  readonly #lines: string[] = [];

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The name under which the file's path in the bundle is known. */
  of(path: string): string {
    const name = `file${this.#lines.length}`;
    this.#lines.push(`import ${name} from ${JSON.stringify(path)};`);
    return name;
  }
}

/** A `DeployedModel`. @param more further fields, with a comma before */
export function versionSource(
  { name, version, manifest, paths }: BundledVersion,
  imports: FileImports,
  more = '',
): string {
  const files = [...paths].map(([file, path]) => `${JSON.stringify(file)}: ${imports.of(path)}`);
  return `{ name: ${JSON.stringify(name)}, version: ${JSON.stringify(version)}, manifest: ${JSON.stringify(manifest)}, files: { ${files.join(', ')} }${more} }`;
}
