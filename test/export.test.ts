import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Flow } from 'millrace'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Ended, CommandLine } from './support/command-line.js'

const starting = path.join(import.meta.dirname, 'fixtures', 'starts-flow.ts')
const exported = path.join(import.meta.dirname, 'fixtures', 'exported.mjs')

let folder: string
let commandLine: CommandLine
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'export-'))
  commandLine = new CommandLine()
})
afterEach(async () => {
  rmSync(folder, { recursive: true })
  await commandLine.close()
})

const run = (...args: readonly string[]): Promise<Ended> => commandLine.run('export', ...args)
const written = (): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()
const text = (name: string): string => readFileSync(path.join(folder, name), 'utf8')

describe('millrace export', () => {
  it('writes a Flow for Kubernetes, and prints the paths of its files', async () => {
    const { code, stdout, stderr } = await run('kubernetes', exported, folder, '--image', 'shop:1')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(written()).toEqual([
      'encoder/encoder.yml',
      'gateway/gateway.yml',
      'indexer/indexer-0.yml',
      'indexer/indexer-1.yml',
      'kustomization.yaml',
      'service-account.yml',
    ])
    expect(stdout.trim().split('\n').sort()).toEqual(written().map((name) => path.join(folder, name)))
    expect(text('encoder/encoder.yml')).toContain('/app/test/fixtures/exported.mjs')
  })

  it('writes a Flow for Docker Compose to the given file', async () => {
    const file = path.join(folder, 'compose.yaml')
    expect(await run('docker-compose', exported, file, '--image', 'shop:1', '--port', '9000')).toMatchObject({
      code: 0,
    })
    expect(written()).toEqual(['compose.yaml', 'millrace/encoder.yml', 'millrace/gateway.yml'])
    expect(text('compose.yaml')).toContain('- 9000:8080')
  })

  it('writes a Dockerfile for a project', async () => {
    const manifest = { dependencies: { millrace: '0.1.0' }, scripts: { build: 'tsc' } }
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest))
    writeFileSync(path.join(folder, 'package-lock.json'), '{}')
    expect(await run('dockerfile', folder, '--node', 'node:22-slim')).toMatchObject({ code: 0 })
    expect(written()).toEqual(['.dockerignore', 'Dockerfile', 'package-lock.json', 'package.json'])
    expect(text('Dockerfile')).toContain('FROM node:22-slim AS build')
  })

  it('leaves the data of a Flow out of the image', async () => {
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ dependencies: { millrace: '0.1.0' } }))
    writeFileSync(path.join(folder, 'package-lock.json'), '{}')
    const file = path.join(folder, 'flow.yml')
    const stage = `uses: '${exported}#Encoder', workspace: ./kept, volumes: ['./models:/models']`
    writeFileSync(file, `jtype: Flow\nwith: {workspace: data}\nexecutors: [{name: encoder, ${stage}}]\n`)
    expect(await run('dockerfile', folder, file)).toMatchObject({ code: 0, stderr: '' })
    expect(text('.dockerignore')).toMatch(/\n\/data\n\/kept\n\/models\n$/)
  })

  it('writes the Flow of a YAML file', async () => {
    const file = path.join(folder, 'flow.yml')
    writeFileSync(
      file,
      `jtype: Flow
with: {name: shop}
executors:
  - name: encoder
    uses: ${exported}#Encoder
    volumes: [/models]
    gpus: 1
    env_from_secret: {TOKEN: {name: tokens, key: hub}}
  - {name: indexer, uses: 'docker://indexer:1', shards: 2}
`,
    )
    const target = path.join(folder, 'out')
    const ended = await run('kubernetes', file, target, '--image', 'shop:1')
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    const encoder = text('out/encoder/encoder.yml')
    for (const part of ['nvidia.com/gpu', 'mountPath: /models', 'secretKeyRef', 'namespace: shop'])
      expect(encoder).toContain(part)
    expect(text('out/indexer/indexer-1.yml')).toContain('image: indexer:1')
    const drawn = await run('flowchart', file, path.join(folder, 'flow.mmd'))
    expect(await run('flowchart', file, path.join(folder, 'flow.svg'))).toMatchObject({ code: 0, stderr: '' })
    expect(text('flow.svg')).toMatch(/^<svg /)
    expect(drawn.code).toBe(0)
    expect(text('flow.mmd')).toContain('indexer:1<br/>2 shards')
  })

  it('writes the Flow that a TypeScript program starts, without starting it', async () => {
    const { code, stderr } = await run(
      'docker-compose',
      starting,
      path.join(folder, 'c.yaml'),
      '--image',
      'shop:1',
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(text('millrace/encoder.yml')).toContain('/app/test/fixtures/starts-flow.ts')
  })

  it('writes the schema of YAML files', async () => {
    const file = path.join(folder, 'schema.json')
    expect(await run('schema', file)).toMatchObject({ code: 0, stdout: `${file}\n` })
    expect(JSON.parse(text('schema.json'))).toMatchObject({ title: 'Flow' })
  })

  it('draws a Flow', async () => {
    expect(
      await run('flowchart', exported, path.join(folder, 'flow.mmd'), '--vertical-layout'),
    ).toMatchObject({
      code: 0,
    })
    expect(text('flow.mmd')).toMatch(/^flowchart TB\n/)
  })

  it.each([
    [[], 2, /KIND is missing\. Kinds: kubernetes, docker-compose, dockerfile, flowchart, schema\./],
    [['kubernets'], 2, /no export 'kubernets'\. Did you mean 'kubernetes'\?/],
    [['kubernetes', exported], 2, /OUTDIR is missing/],
    [['kubernetes', 'nowhere.yml', 'out'], 1, /There is no file "nowhere\.yml"/],
    [
      ['kubernetes', exported, 'out', '--gateway-replicas', 'two'],
      2,
      /--gateway-replicas must be a whole number/,
    ],
    [['kubernetes', exported, 'out'], 1, /stage 'encoder' runs a class .* --image|needs an image/],
    [['kubernetes', '/nowhere/flow.js', 'out'], 1, /There is no file \/nowhere\/flow\.js/],
    [
      ['kubernetes', path.join(import.meta.dirname, 'fixtures', 'shard-executors.mjs'), 'out'],
      1,
      /neither exports nor starts a Flow/,
    ],
    [['dockerfile', '/nowhere'], 1, /There is no \/nowhere\/package\.json/],
  ] as const)('refuses %j with one sentence', async (args, code, complaint) => {
    const ended = await run(...args)
    expect(ended).toMatchObject({ code, stdout: '' })
    expect(ended.stderr).toMatch(complaint)
    expect(ended.stderr.trim()).not.toContain('\n')
  })
})

it('a Flow with a container as a stage fails without an engine, with a clear error', async () => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock')
  const flow = new Flow({ quiet: true }).add({ name: 'indexer', uses: 'docker://indexer:1' })
  await expect(flow.start()).rejects.toMatchObject({
    code: 'START_FAILED',
    message: /indexer\/rep-0 did not start: No Docker engine answers at unix:\/\/\/nowhere\/docker\.sock/,
    cause: { code: 'UNAVAILABLE' },
  })
  vi.unstubAllEnvs()
})
