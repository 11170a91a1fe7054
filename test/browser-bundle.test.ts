import { gzipSync } from 'node:zlib'
import path from 'node:path'
import { build } from 'esbuild'
import * as whole from 'millrace'
import * as browser from 'millrace/client'
import { expect, test } from 'vitest'

/** What a page may have to load for the client. */
const maxBytes = 30 * 1024

/** As a bundler makes it for a page; fails for what browsers do not have, such as modules of Node. */
async function bundled(contents: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: path.resolve(import.meta.dirname, '..') },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  return { code: outputFiles[0]!.text, outputs: Object.values(metafile.outputs) }
}

test('millrace/client has at most 30 KB, gzipped, and needs nothing else', async () => {
  const { code, outputs } = await bundled("export * from 'millrace/client'")
  expect(outputs.flatMap(({ imports }) => imports)).toEqual([])
  expect(code).not.toMatch(/\brequire\(|["']node:/)
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(maxBytes)
})

test('millrace itself cannot be bundled for a page, so that the test above would see a module of Node', async () => {
  await expect(bundled("export * from 'millrace'")).rejects.toThrow('node:')
})

test('the classes of millrace/client are those of millrace by name', () => {
  const names = Object.keys(browser)
  expect(Object.keys(whole)).toEqual(expect.arrayContaining(names))
  expect(names).toEqual(
    expect.arrayContaining(['Client', 'Document', 'DocumentArray', 'MillraceError', 'sumResults']),
  )
})

test('documents have no search in memory, and say where to find it', () => {
  const docs = new browser.DocumentArray([new browser.Document({ text: 'a' })])
  expect(() => docs.find({ text: 'a' })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  expect(() => docs.match(docs)).toThrow('millrace/document')
  expect(whole.DocumentArray.fromProtobuf(docs.toProtobuf()).find({ text: { $eq: 'a' } })).toHaveLength(1)
})

test.each([
  undefined,
  5,
  '',
  'localhost',
  '//a',
  'http://',
  'http://a:0x',
  'http://a/path',
  'http://u:p@a',
  'http://a?b',
])('host cannot be %j', (host) => {
  expect(() => new browser.Client({ host: host as string })).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      message: expect.stringContaining("'http://127.0.0.1:54321'"),
    }),
  )
})

test('a page does not speak gRPC, and draws no progress bar', async () => {
  expect(() => new browser.Client({ host: 'grpc://127.0.0.1:1' })).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining("'wss://…'") }),
  )
  const client = new browser.Client({ host: 'http://127.0.0.1:1' })
  await expect(client.post('/x', 'a', { showProgress: true })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})
