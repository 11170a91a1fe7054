import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../errors.js'
import { exportSuite } from '../export.suite.js'
import { renderExport } from '../index.js'

const project = { dependencies: { millrace: '0.1.0' }, scripts: {}, isLocked: true, dataFolders: [] }

describe('export dockerfile', () => {
  exportSuite('dockerfile', project, {})

  it('installs run-time dependencies only, and does not run as root', async () => {
    const [{ text } = { text: '' }, ignore] = await renderExport('dockerfile', project)
    expect(text.match(/^FROM .*/gm)).toEqual(['FROM node:24-slim AS dependencies', 'FROM node:24-slim'])
    expect(text).toContain('RUN npm ci --omit=dev')
    expect(text.indexOf('USER 1000:1000')).toBeGreaterThan(text.lastIndexOf('RUN '))
    expect(text).toContain(
      'ENTRYPOINT ["millrace"]\nCMD ["executor", "--uses", "config.yml", "--port", "8080"]',
    )
    expect(ignore).toMatchObject({
      path: '.dockerignore',
      text: expect.stringContaining('**/node_modules\n'),
    })
  })

  it('leaves out the folders that a Flow keeps data in', async () => {
    const keeping = { ...project, dataFolders: ['data/keeper', '#a*[b]?'] }
    const [, ignore] = await renderExport('dockerfile', keeping)
    expect(ignore?.text).toMatch(/\n\/data\/keeper\n\/#a\\\*\\\[b\\\]\\\?\n$/)
  })

  it('compiles a project with a build script in a separate stage', async () => {
    const built = { ...project, scripts: { build: 'tsc' } }
    const [{ text } = { text: '' }] = await renderExport('dockerfile', built, { node: 'node:22-slim' })
    expect(text.match(/^FROM .*/gm)).toEqual([
      'FROM node:22-slim AS build',
      'FROM node:22-slim AS dependencies',
      'FROM node:22-slim',
    ])
    expect(text).toContain('RUN npm run build && rm -rf node_modules\n')
  })

  it.each([
    ['does not have Millrace', { ...project, dependencies: {} }, /npm install millrace/],
    ['is not locked', { ...project, isLocked: false }, /package-lock\.json.*npm install/],
  ])('refuses a project that %s', async (_name, wrong, message) => {
    const refused = await renderExport('dockerfile', wrong).catch(MillraceError.from)
    expect(refused).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringMatching(message) })
  })
})
