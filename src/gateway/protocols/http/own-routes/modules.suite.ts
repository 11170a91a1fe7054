import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach } from 'vitest'
import { defaultHttpRules, type HttpRules } from '../../../http-rules.js'
import { type HttpOptions, httpServersOfTests, type HttpUnderTest } from '../server.suite.js'

/** Writes modules of routes for the tests of one file. */
export function modulesOfTests(): (text: string) => string {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })
  return (text) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'millrace-routes-'))
    folders.push(folder)
    const file = path.join(folder, 'routes.mjs')
    writeFileSync(file, text)
    return file
  }
}

/** Starts HTTP servers with the routes of a module: `body` is that of its function `(app, { client })`. */
export function routesOfTests(): (
  body: string,
  options?: HttpOptions & { readonly imports?: string; readonly rules?: Partial<HttpRules> },
) => Promise<HttpUnderTest> {
  const moduleOf = modulesOfTests()
  const start = httpServersOfTests()
  return (body, { imports = '', rules, ...options } = {}) => {
    const routes = moduleOf(`${imports}\nexport default async function (app, { client }) {\n${body}\n}`)
    return start({ ...options, http: { ...defaultHttpRules, ...rules, routes } })
  }
}
