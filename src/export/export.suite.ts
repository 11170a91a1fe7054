import { expect, it } from 'vitest'
import { MillraceError } from '../errors.js'
import { type ExportKind, type OptionsOf, renderExport, type SubjectOf } from './index.js'

/** The contract of every export target. */
export function exportSuite<K extends ExportKind>(
  kind: K,
  subject: SubjectOf<K>,
  options: OptionsOf<K>,
): void {
  it('gives the same texts each time', async () => {
    expect(await renderExport(kind, subject, options)).toEqual(await renderExport(kind, subject, options))
  })

  it('gives distinct files below one folder that end with a line feed', async () => {
    const files = await renderExport(kind, subject, options)
    const paths = files.map(({ path }) => path)
    expect(new Set(paths).size).toBe(paths.length)
    for (const path of paths) expect(path).toMatch(/^\.?[\w-]+([./][\w-]+)*$/)
    for (const { text } of files) expect(text).toMatch(/[^\n]\n$/)
  })

  it('contains nothing of the machine that it runs on', async () => {
    const files = await renderExport(kind, subject, options)
    for (const { text } of files) expect(text).not.toContain(process.cwd())
  })

  it('refuses an unknown option', async () => {
    const refused = await renderExport(kind, subject, { nowhere: 1 } as unknown as OptionsOf<K>).catch(
      MillraceError.from,
    )
    expect(refused).toMatchObject({ code: 'UNKNOWN_OPTION' })
  })
}
