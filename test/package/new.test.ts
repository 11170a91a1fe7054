import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Ended, runIn } from './support/project.js'

const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error']

describe.each(['minimal', 'search', 'typed'])('a new project from the template %s', (template) => {
  let parent: string
  let folder: string
  const npm = (...args: readonly string[]): Promise<Ended> => runIn(folder, 'npm', ...args)

  beforeAll(async () => {
    parent = mkdtempSync(path.join(tmpdir(), 'millrace-new-'))
    folder = path.join(parent, 'shop')
    const millrace = path.join(inject('installed'), '.bin', 'millrace')
    const made = await runIn(parent, millrace, 'new', 'shop', '--template', template)
    expect(made).toMatchObject({ code: 0, output: expect.stringContaining('npm run dev') as string })
    // the version of package.json need not be published yet
    expect(await npm('install', ...quiet, inject('tarball'))).toMatchObject({ code: 0 })
  })
  afterAll(() => rmSync(parent, { recursive: true }))

  it('passes its test', async () => {
    expect(await npm('test')).toMatchObject({ code: 0, output: expect.stringContaining('passed') as string })
  })

  it('passes the type check, also of its test', async () => {
    expect(await npm('run', 'check')).toMatchObject({ code: 0 })
  })

  it('is compiled, without its test', async () => {
    expect(await npm('run', 'build')).toMatchObject({ code: 0 })
    expect(existsSync(path.join(folder, 'dist/flow.js'))).toBe(true)
    expect(existsSync(path.join(folder, 'dist/flow.test.js'))).toBe(false)
  })

  it('is exported from what was compiled', async () => {
    const millrace = path.join(folder, 'node_modules/.bin/millrace')
    const args = ['export', 'docker-compose', 'dist/flow.js', 'compose.yml', '--image', 'shop:1']
    const written = expect.stringMatching(/^compose\.yml\nmillrace\/gateway\.yml\n/) as string
    expect(await runIn(folder, millrace, ...args)).toMatchObject({ code: 0, output: written })
  })

  it('has the Dockerfile that millrace export writes for it', async () => {
    const file = path.join(folder, 'Dockerfile')
    const made = readFileSync(file, 'utf8')
    const millrace = path.join(folder, 'node_modules/.bin/millrace')
    expect(await runIn(folder, millrace, 'export', 'dockerfile', '.')).toMatchObject({ code: 0 })
    expect(readFileSync(file, 'utf8')).toBe(made)
  })
})
