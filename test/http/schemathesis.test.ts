import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Flow } from 'millrace'
import { afterAll, expect, it } from 'vitest'

const folder = fileURLToPath(new URL('.', import.meta.url))
const program = fileURLToPath(new URL('../../.cache/schemathesis-env/bin/schemathesis', import.meta.url))
const texts = new URL('../fixtures/http-executors.mjs#Texts', import.meta.url)
const upper = new URL('../fixtures/http-executors.mjs#Upper', import.meta.url)
const index = new URL('../fixtures/http-executors.mjs#Index', import.meta.url)
const articles = new URL('../fixtures/http-executors.mjs#Articles', import.meta.url)
/** Where it keeps what failed: a run begins with none of it. */
const scratch = mkdtempSync(join(tmpdir(), 'millrace-schemathesis-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const token = 'a-token-of-this-test'

/** For how many seconds each Flow is called with random requests. */
const fuzzSeconds = Number(process.env['MILLRACE_FUZZ'] ?? 1) * 5

const base = { quiet: true, host: '127.0.0.1', protocol: ['grpc', 'http'] } as const

const flows = {
  'a Flow whose handlers change, stream and return results': new Flow({
    ...base,
    http: { crudEndpoints: false },
  }).add({ uses: texts, runtime: 'thread' }),
  'a sharded Flow with the routes of Jina': new Flow({
    ...base,
    http: { debugEndpoints: false, errorStatus: true },
    unknownEndpoint: 'error',
  }).add({
    uses: index,
    runtime: 'thread',
    shards: 2,
    polling: { '/index': 'ANY', '/search': 'ALL', '/delete': 'ALL' },
  }),
  'a Flow with tokens, exposed routes and few documents': new Flow({
    ...base,
    auth: { bearer: [token], open: ['health', 'openapi'] },
    requestLimits: { documents: 3 },
    http: {
      crudEndpoints: false,
      debugEndpoints: false,
      expose: { '/upper': { path: '/v1/upper', methods: ['GET', 'PUT'] } },
    },
  }).add({ uses: upper, runtime: 'thread' }),
  'a Flow with types, for clients with documents of v2': new Flow({
    ...base,
    http: { crudEndpoints: false },
  }).add({ uses: articles, runtime: 'thread' }),
}

/** What a Flow answers otherwise than schemathesis expects, and why. */
const exclusions: Readonly<Record<string, readonly string[]>> = {
  // a token is checked before the method: TRACE on a health check is answered with 401, not 405
  tokens: ['unsupported_method'],
  // a path has GET as well, for documents of v1: of a generator, and of routes that only the other view has
  'documents of v2': ['unsupported_method', 'allow_header_conformance'],
}

it.each(Object.entries(flows))('schemathesis finds no failure in %s', async (name, flow) => {
  if (!existsSync(program)) {
    expect.unreachable('this test needs schemathesis: run `node scripts/peers.mjs schemathesis`')
  }
  const [, checks] = Object.entries(exclusions).find(([part]) => name.includes(part)) ?? []
  const excluded = checks === undefined ? [] : ['--exclude-checks', checks.join(',')]
  await flow.start()
  const url = `http://127.0.0.1:${flow.port}/openapi.json${name.endsWith('of v2') ? '?docarray=v2' : ''}`
  try {
    // what the schema says of its edges, all of it
    await run(url, ['--phases', 'examples,coverage', ...excluded])
    await run(url, ['--phases', 'fuzzing', '--max-time', String(fuzzSeconds), ...excluded])
  } finally {
    await flow.close()
  }
})

/** Rejects with the report when there is a failure. */
async function run(url: string, more: readonly string[]): Promise<void> {
  const options = ['--no-color', '--continue-on-failure']
  try {
    await promisify(execFile)(
      program,
      ['--config-file', `${folder}schemathesis.toml`, 'run', url, ...more, ...options],
      {
        cwd: scratch,
        env: {
          ...process.env,
          SCHEMATHESIS_HOOKS: `${folder}hooks.py`,
          PYTHONDONTWRITEBYTECODE: '1',
          TOKEN: token,
        },
        maxBuffer: 2 ** 26,
      },
    )
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string }
    throw new Error(`schemathesis failed:\n${stdout.slice(0, 20_000)}\n${stderr.slice(-2_000)}`, {
      cause: error,
    })
  }
}
