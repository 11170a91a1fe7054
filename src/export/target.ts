import type { OptionTable } from '../plan/option.js'

/**
 * An export target: a kind of files to render.
 *
 * 1. `render` is pure: it reads and writes no files, and the same subject and options give the same texts.
 * 2. Paths are relative and stay below the target folder.
 * 3. The first file refers to the others, or is the only one.
 */
export interface ExportTarget<Subject, Options extends object> {
  readonly options: OptionTable<Options>
  /** @throws INVALID_OPTION, INVALID_NAME or UNSUPPORTED for what the target cannot express, with the stage and what to do. */
  render(subject: Subject, options: Options): Promise<readonly TextFile[]>
}

/** A rendered file. */
export interface TextFile {
  /** Relative to the folder of the export, with `/`. */
  readonly path: string
  /** Ends with a line feed. */
  readonly text: string
}
