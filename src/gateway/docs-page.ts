import { readFileSync } from 'node:fs'

/** A file of the page at `/docs`. */
export interface PageFile {
  readonly path: string
  readonly type: string
  readonly content: Buffer
}

/** The files of the page. Its relative links work below a path that a proxy adds. */
const files = [
  { path: '/docs', name: 'page.html', type: 'text/html; charset=utf-8' },
  { path: '/docs/page.css', name: 'page.css', type: 'text/css; charset=utf-8' },
  { path: '/docs/page.js', name: 'page.js', type: 'text/javascript; charset=utf-8' },
  { path: '/docs/operation.js', name: 'operation.js', type: 'text/javascript; charset=utf-8' },
]

/** Paths of the page. */
export const docsPaths: readonly string[] = files.map(({ path }) => path)

/** Reads the files of the page, which the build copies beside this module. */
export function docsPage(): readonly PageFile[] {
  return files.map(({ path, name, type }) => ({
    path,
    type,
    content: readFileSync(new URL(`../gateway/docs-page/${name}`, import.meta.url)),
  }))
}
