import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { Indexer, planOf, project, richPlan } from '../export/fixture.suite.js'
import { renderExport } from '../export/index.js'
import { addStage, createPlan, type FlowPlan, type StagePlan } from '../plan/flow-plan.js'
import { parseExecutor } from './executor.js'
import { parseFlow } from './flow.js'

/** Everything that a container is told by its arguments. */
const limitedPlan = planOf(
  {
    name: '$HOME',
    graceMs: 5000,
    maxMessageBytes: 2 ** 30,
    requestLimits: { documents: 7 },
    timeoutReadyMs: -1,
  },
  {
    name: 'image',
    uses: 'docker://indexer:1',
    usesWith: { path: '$HOME', price: '$(cost)' },
    usesMetas: { name: 'an indexer' },
    usesRequests: { '/search': 'index' },
    dynamicBatching: { '/search': { size: 16, timeoutMs: 20 } },
    maxConcurrency: 3,
    allowConcurrent: true,
    queue: { perReplica: 5 },
    exitOnExceptions: ['OutOfMemory', 'RangeError'],
    timeoutReadyMs: 900_000,
  },
  { name: 'named', uses: Indexer, usesWith: { path: '$HOME', price: '$5' }, usesMetas: { name: 'plain' } },
  {
    name: 'part',
    usesRequests: { '/index': 'index' },
    dynamicBatching: { '/index': { size: 8 } },
    uses: Indexer,
    shards: 3,
    shardId: 1,
    workspace: '/data',
  },
)

/** What stands behind `millrace` in a container, and its file of configuration. */
interface Container {
  readonly name: string
  readonly args: readonly string[]
  readonly config: Readonly<Record<string, object>>
}

type Loose = any

async function inKubernetes(plan: FlowPlan): Promise<readonly Container[]> {
  const files = await renderExport('kubernetes', plan, { image: 'shop:1', project, namespace: 'shop' })
  const objects: Loose[] = files.flatMap(({ text }) => parseAllDocuments(text).map((one) => one.toJS()))
  return objects
    .filter(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind))
    .map(({ metadata: { name }, spec }) => {
      const map = objects.find((object) => object.metadata?.name === `${name}-files`)
      const args: string[] = spec.template.spec.containers[0].args
      return {
        name,
        args: args.map((one) => one.replaceAll('$$', '$')),
        config: parse(map?.data['config.yml'] ?? '{}'),
      }
    })
}

async function inCompose(plan: FlowPlan): Promise<readonly Container[]> {
  const files = await renderExport('docker-compose', plan, { image: 'shop:1', project })
  const { services }: Loose = parse(files[0]!.text)
  return Object.entries<Loose>(services).map(([name, { command }]) => ({
    name,
    args: command.map((one: string) => one.replaceAll('$$', '$')),
    config: parse(files.find(({ path }) => path === `millrace/${name}.yml`)?.text ?? '{}'),
  }))
}

/** What a container decides by itself. */
function decisions({ settings }: FlowPlan, stage: StagePlan): object {
  const { name, usesWith, usesMetas, usesRequests, maxConcurrency, exitOnExceptions } = stage
  const { allowConcurrent, dynamicBatching, queue, shards, part } = stage
  return {
    ...{ name, usesWith, usesMetas, usesRequests, maxConcurrency, exitOnExceptions },
    ...{ allowConcurrent, dynamicBatching },
    perReplica: queue.perReplica,
    shards: part?.shards ?? shards,
    timeoutReadyMs: stage.timeoutReadyMs ?? settings.timeoutReadyMs,
    graceMs: settings.graceMs,
    maxMessageBytes: settings.maxMessageBytes,
    requestLimits: settings.requestLimits,
  }
}

/** The plan of a container, by the parser of the command that runs in it. */
function planned({ args: [command, ...args], config }: Container): FlowPlan {
  expect(command).toBe('executor')
  const { flow, stage } = parseExecutor(args)
  expect(stage.uses).toBe('jtype' in config ? '/etc/millrace/config.yml' : 'config.yml')
  return addStage(createPlan(flow), {
    ...stage,
    uses: Indexer,
    usesWith: { ...config.with, ...stage.usesWith },
    usesMetas: { ...config.metas, ...stage.usesMetas },
    usesRequests: { ...(config.requests as Record<string, string>), ...stage.usesRequests },
    dynamicBatching: { ...(config.dynamic_batching as object), ...stage.dynamicBatching },
  })
}

it.each([
  ['Kubernetes', inKubernetes],
  ['Docker Compose', inCompose],
] as const)('a container of %s runs its stage as the Flow says', async (_, render) => {
  for (const plan of [richPlan, limitedPlan]) {
    const [gateway, ...executors] = await render(plan)
    const [command, ...args] = gateway!.args
    expect(command).toBe('flow')
    const { file, options } = parseFlow(args)
    expect(file).toBe('/etc/millrace/flow.yml')
    expect(options.usesWith).toMatchObject({
      port: ['8080'],
      ...(plan === limitedPlan && { name: plan.settings.name }),
    })
    expect(executors.length).toBeGreaterThan(2)
    for (const container of executors) {
      const its = planned(container)
      const stage = plan.stages.find(({ name }) => name === its.stages[0]!.name)!
      expect(decisions(its, its.stages[0]!)).toEqual(decisions(plan, stage))
    }
  }
})

it('the health of each service of Compose is that of a file that is new, as a shell finds it', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'millrace-health-'))
  try {
    const [compose] = await renderExport('docker-compose', richPlan, { image: 'shop:1', project })
    for (const { healthcheck, environment } of Object.values<Loose>(parse(compose!.text).services)) {
      const [kind, command] = healthcheck.test as readonly string[]
      expect(kind).toBe('CMD-SHELL')
      const file = path.join(folder, 'health')
      const script = command!.replaceAll('$$', '$').replace(String(environment.MILLRACE_HEALTH_FILE), file)
      const isHealthy = (): boolean => spawnSync('sh', ['-c', script]).status === 0
      rmSync(file, { force: true })
      expect(isHealthy()).toBe(false)
      writeFileSync(file, '')
      expect(isHealthy()).toBe(true)
      const before = Date.now() / 1000 - 120
      utimesSync(file, before, before)
      expect(isHealthy()).toBe(false)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
