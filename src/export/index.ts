import { resolveOptions } from '../plan/option.js'
import { dockerCompose } from './docker-compose/target.js'
import { dockerfile } from './dockerfile/target.js'
import { flowchart } from './flowchart/target.js'
import { kubernetes } from './kubernetes/target.js'
import type { ExportTarget, TextFile } from './target.js'

export { dataFolders } from './dockerfile/data-folders.js'
export { loadProject } from './dockerfile/load-project.js'
export { writeAround, writeFiles } from './write-files.js'

/** Export targets, by their name on the command line. */
export const exportTargets = {
  kubernetes,
  'docker-compose': dockerCompose,
  dockerfile,
  flowchart,
} as const satisfies Record<string, Omit<ExportTarget<never, object>, 'options'>>

export type ExportKind = keyof typeof exportTargets

type Table = typeof exportTargets
/** Subject of an export target. */
export type SubjectOf<K extends ExportKind> = Parameters<Table[K]['render']>[0]
/** Options of an export target. */
export type OptionsOf<K extends ExportKind> = Partial<Parameters<Table[K]['render']>[1]>

/**
 * Renders the files of an export target.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, INVALID_NAME, UNSUPPORTED
 */
export async function renderExport<K extends ExportKind>(
  kind: K,
  subject: SubjectOf<K>,
  options: OptionsOf<K> = {},
): Promise<readonly TextFile[]> {
  // the table pairs each target with its subject and options, which the type system cannot follow through a union
  const target = exportTargets[kind] as unknown as ExportTarget<SubjectOf<K>, object>
  return target.render(subject, resolveOptions(target.options, options, `export ${kind}`))
}
