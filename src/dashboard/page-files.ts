import { readFileSync } from 'node:fs'

/** A file of the page. */
export interface PageFile {
  readonly type: string
  readonly content: Buffer
}

const types = {
  'page.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
} as const

/** Reads the files of the page, which the build puts beside this module, by name. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  return new Map(
    Object.entries(types).map(([name, type]) => [
      name,
      { type, content: readFileSync(new URL(`../dashboard/page/${name}`, import.meta.url)) },
    ]),
  )
}
