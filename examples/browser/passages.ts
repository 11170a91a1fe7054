import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** A paragraph, list item or row of a table. */
export interface Passage {
  /** `replicas.md-12` */
  readonly id: string
  /** `replicas.md` */
  readonly page: string
  /** The heading above it. */
  readonly heading: string
  readonly text: string
}

/** Shorter ones say too little to be found by. */
const minLength = 40

/** The passages of all Markdown pages in a folder, in the order of their names. */
export async function passagesIn(folder: string): Promise<Passage[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).toSorted()
  const pages = await Promise.all(
    names.map(async (page) => passagesOf(page, await readFile(path.join(folder, page), 'utf8'))),
  )
  return pages.flat()
}

/** The passages of one page, without code. */
export function passagesOf(page: string, markdown: string): Passage[] {
  const passages: Passage[] = []
  let heading = ''
  const add = (lines: readonly string[]): void => {
    const text = plain(lines.join(' '))
    if (text.length < minLength) return
    passages.push({ id: `${page}-${passages.length}`, page, heading, text })
  }
  for (const block of markdown.replaceAll(/^```.*?^```$/gms, '').split(/\n\s*\n/)) {
    const lines = block.split('\n').filter((line) => line.trim() !== '')
    const title = /^#+ (.*)$/.exec(lines[0] ?? '')?.[1]
    if (title !== undefined) {
      heading = plain(title)
      lines.shift()
    }
    for (const part of partsOf(lines)) add(part)
  }
  return passages
}

/** A block is one part; in a table each row is one, and in a list each item. */
function partsOf(lines: readonly string[]): string[][] {
  const parts: string[][] = []
  for (const line of lines) {
    if (parts.length === 0 || /^(\||\* |- |\d+\. )/.test(line)) parts.push([line])
    else parts.at(-1)!.push(line)
  }
  return parts
}

/** Text without the marks of Markdown. */
function plain(text: string): string {
  return text
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]|^\s*(- |\d+\. )/g, '')
    .replaceAll(/^\||\|\s*$/g, '')
    .replaceAll(/\s*\|\s*/g, ' – ')
    .replaceAll(/(– )?-{3,}/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
