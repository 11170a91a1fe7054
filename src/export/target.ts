import type { OptionTable } from '../plan/option.js'

/**
 * One kind of file that something is written as.
 *
 * 1. `render` reads and writes no file: the same subject and options give the same texts.
 * 2. Paths are relative and stay below the folder that they are written to.
 * 3. The first file is the one that names the others, or has all.
 */
export interface ExportTarget<Subject, Options extends object> {
  readonly options: OptionTable<Options>
  /** @throws INVALID_OPTION, INVALID_NAME or UNSUPPORTED for what the target cannot express, with the stage and what to do. */
  render(subject: Subject, options: Options): Promise<readonly TextFile[]>
}

export interface TextFile {
  /** With `/`, relative to the folder of the export. */
  readonly path: string
  /** Ends with a line feed. */
  readonly text: string
}
