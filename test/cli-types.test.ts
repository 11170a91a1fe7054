import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { bytes, doc, type DocList, Executor, Flow, optional, requests, tensor } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '..')

const Author = doc({ name: z.string(), photo: optional(bytes()) }, { name: 'Author' })
const Tree = z.object({
  label: z.string(),
  get children() {
    return z.array(Tree).optional()
  },
})
const Article = doc(
  {
    text: z.string().describe('What */ it says.'),
    kind: z.enum(['a "b"', 'c']),
    views: z.number().int().default(0),
    pair: z.tuple([z.string(), z.number()]).optional(),
    extra: z.record(z.string(), z.union([z.string(), z.null()])).optional(),
    'odd name': z.literal(5).optional(),
    tree: Tree.optional(),
    embedding: tensor('float32', [2]),
    image: optional(tensor('uint8', [null, null])),
    author: Author,
    matches: [Author],
  },
  { name: 'Article' },
)
const Options = z.object({ scale: z.number(), names: z.array(z.string()).optional() })

class Articles extends Executor {
  @requests({ on: '/articles', input: Article, output: Article, parameters: Options })
  articles(docs: DocList<typeof Article>) {
    for (const one of docs) one.views++
  }

  @requests('/plain')
  plain() {}
}

describe('millrace types', () => {
  const flow = new Flow({ protocol: ['http', 'grpc'], host: '127.0.0.1', quiet: true }).add({
    uses: Articles,
    runtime: 'inline',
  })
  let folder: string
  beforeAll(async () => {
    await flow.start()
    folder = await mkdtemp(path.join(tmpdir(), 'millrace-types-'))
    await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
    await writeFile(path.join(folder, 'package.json'), '{"type": "module"}')
  })
  afterAll(async () => {
    await flow.close()
    await rm(folder, { recursive: true, force: true })
  })

  const millrace = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> =>
    run(process.execPath, [path.join(root, 'dist/cli/main.js'), 'types', ...args])
  const inFolder = (name: string): string => path.join(folder, name)
  /** Problems that the compiler finds in a program which imports the written types. */
  const compile = async (program: string): Promise<string> => {
    await writeFile(inFolder('program.ts'), program)
    const paths = JSON.stringify({
      compilerOptions: {
        ...{
          strict: true,
          noEmit: true,
          module: 'nodenext',
          target: 'es2022',
          lib: ['es2024', 'esnext.disposable'],
        },
        ...{ types: ['node'], skipLibCheck: true, exactOptionalPropertyTypes: true },
        paths: {
          millrace: [path.join(root, 'dist/index.d.ts')],
          'millrace/document': [path.join(root, 'dist/document/index.d.ts')],
        },
      },
      files: ['program.ts'],
    })
    await writeFile(inFolder('tsconfig.json'), paths)
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
    const outcome = await run(process.execPath, [tsc, '-p', folder]).catch((error: unknown) => error)
    return (outcome as { readonly stdout: string }).stdout
  }

  it('writes types with which a client compiles, and which find its mistakes', async () => {
    await millrace(`http://127.0.0.1:${flow.port}`, '--out', inFolder('endpoints.ts'))
    const program = (body: string): string => `import { Client } from 'millrace'
import type { NdArray, Scores } from 'millrace/document'
import type { Endpoints } from './endpoints.js'
const client = new Client<Endpoints>({ host: 'http://127.0.0.1:1', typed: true })
const article = { text: 'a', kind: 'c', embedding: [1, 2], author: { name: 'Ada' }, matches: [] } as const
const parameters = { scale: 1 }
${body}
`
    const right = `
const [found] = await client.post('/articles', [{
  ...article,
  'odd name': 5,
  pair: ['a', 1],
  extra: { a: 'b', c: null },
  tree: { label: 'a', children: [{ label: 'b' }] },
  image: [[1, 2]],
  embedding: Float32Array.of(1, 2),
  author: { name: 'Ada', photo: Uint8Array.of(1) },
}], { parameters: { scale: 1, names: ['a'] } })
const one = found!
const views: number = one.views
const embedding: NdArray<Float32Array> = one.embedding
const image: NdArray<Uint8Array> | undefined = one.image
const photo: Uint8Array | undefined = one.author.photo
const label: string | undefined = one.tree?.children?.[0]?.label
const kind: 'a "b"' | 'c' = one.kind
const score: Scores | undefined = one.matches[0]?.scores
const [plain] = await client.post('/plain', [{ anything: 1 }])
const id: string = plain!.id`
    expect(await compile(program(right))).toBe('')
    const wrong = [
      `await client.post('/artciles', [article], { parameters })`,
      `await client.post('/articles', [article])`,
      `await client.post('/articles', [{ ...article, text: 1 }], { parameters })`,
      `await client.post('/articles', [{ ...article, kind: 'd' }], { parameters })`,
      `await client.post('/articles', [{ ...article, image: Uint8Array.of(1) }], { parameters })`,
      `await client.post('/articles', [article], { parameters: { scale: '1' } })`,
      `(await client.post('/articles', [article], { parameters }))[0]!.titel`,
    ]
    const problems = await compile(
      program(wrong.map((line) => `void (async () => { ${line} })()`).join('\n')),
    )
    const lines = new Set([...problems.matchAll(/program\.ts\((\d+),/g)].map(([, line]) => Number(line)))
    expect([...lines].toSorted((a, b) => a - b)).toEqual(wrong.map((_, index) => index + 7))
  })

  it('says in the file how it was written, and keeps descriptions in their comments', async () => {
    const { stdout } = await millrace(`http://127.0.0.1:${flow.port}`)
    expect(stdout).toMatch(/^\/\/ Written by: millrace types http:\/\/127\.0\.0\.1:\d+\n/)
    expect(stdout).toContain(String.raw`/** What *\/ it says. */`)
    expect(stdout).toContain('readonly "/plain": Readonly<Record<never, never>>')
    expect(stdout).toBe(await readFile(inFolder('endpoints.ts'), 'utf8'))
  })

  it.each([
    ['an address of gRPC', () => `grpc://127.0.0.1:${flow.port}`, 2, /is no address of HTTP/],
    ['a port where nothing listens', () => 'http://127.0.0.1:1', 1, /ECONNREFUSED/],
  ])('refuses %s', async (_, host, code, message) => {
    const failure = await millrace(host()).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code, stderr: expect.stringMatching(message) as string })
  })
})
