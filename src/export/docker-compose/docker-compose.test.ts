import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { MillraceError } from '../../errors.js'
import { Authority, folderWith } from '../../tls/certificates.suite.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import { exportSuite } from '../export.suite.js'
import {
  composeChecker,
  edgesIn,
  graphEdges,
  graphPlan,
  Indexer,
  indexerInImage,
  planOf,
  plans,
  project,
  richPlan,
} from '../fixture.suite.js'
import { type OptionsOf, renderExport } from '../index.js'

const options = { image: 'shop:1', project } as const

interface Compose {
  readonly services: Readonly<Record<string, Record<string, unknown>>>
  readonly networks: object
  readonly configs: Readonly<Record<string, { readonly file: string }>>
  readonly volumes?: object
}

async function composed(plan: FlowPlan, more: OptionsOf<'docker-compose'> = {}) {
  const [file, ...configs] = await renderExport('docker-compose', plan, { ...options, ...more })
  return { compose: parse(file!.text) as Compose, configs }
}

describe('export docker-compose', () => {
  exportSuite('docker-compose', richPlan, options)

  it('conforms to the Compose specification', async () => {
    expect(composeChecker()((await composed(richPlan)).compose)).toEqual([])
  })

  it('has the graph in the configuration of its gateway, and a service for each stage with an Executor', async () => {
    const { compose, configs } = await composed(graphPlan)
    expect(Object.keys(compose.services)).toEqual(['gateway', 'text', 'image', 'journal', 'rank'])
    expect(edgesIn(configs.find(({ path }) => path.includes('gateway'))!.text)).toEqual(graphEdges)
  })

  it('is checked for keys that Compose does not have', async () => {
    const { compose } = await composed(richPlan)
    expect(composeChecker()({ ...compose, services: { a: { imag: 'b' } } }).join()).toContain('imag')
  })

  it('has a service for each shard, with its replicas', async () => {
    const { services } = (await composed(richPlan)).compose
    expect(Object.keys(services)).toEqual([
      'gateway',
      'encoder',
      'indexer-1-before',
      'indexer-1-0',
      'indexer-1-1',
    ])
    expect(services['indexer-1-1']).toMatchObject({
      image: 'registry.example/indexer:1.2',
      deploy: {
        replicas: 2,
        resources: { limits: { cpus: '1.5', memory: '1073741824b' }, reservations: { cpus: '1' } },
      },
    })
    expect(services.encoder).toMatchObject({
      deploy: { resources: { reservations: { devices: [{ count: 1, capabilities: ['gpu'] }] } } },
    })
  })

  it('publishes only the gateway', async () => {
    const { services, networks } = (await composed(richPlan, { port: 9000, network: 'jina' })).compose
    const published = Object.entries(services).filter(([, service]) => 'ports' in service)
    expect(published).toMatchObject([['gateway', { ports: ['9000:8080'], networks: ['jina', 'public'] }]])
    expect(services.encoder).toMatchObject({ networks: ['jina'] })
    expect(networks).toEqual({ jina: { internal: true }, public: {} })
  })

  it('publishes the port of the Flow when it has one', async () => {
    const { services } = (await composed(planOf({ port: 5000 }, { uses: Indexer }))).compose
    expect(services.gateway).toMatchObject({ ports: ['5000:8080'] })
  })

  it('publishes each port of a gateway with several', async () => {
    const plan = planOf({ protocol: ['grpc', 'grpc'], port: [5000, 0], host: '::1' }, { uses: Indexer })
    const { services } = (await composed(plan)).compose
    expect(services.gateway).toMatchObject({ ports: ['[::1]:5000:8080', '[::1]:8081:8081'] })
    const moved = (await composed(plan, { port: 7000 })).compose
    expect(moved.services.gateway).toMatchObject({ ports: ['[::1]:7000:8080', '[::1]:7001:8081'] })
  })

  it.each([
    ['127.0.0.1', '127.0.0.1:8080:8080'],
    ['localhost', '127.0.0.1:8080:8080'],
    ['::1', '[::1]:8080:8080'],
    ['0.0.0.0', '8080:8080'],
  ])('publishes a gateway whose host is %s at %s', async (host, written) => {
    const { services } = (await composed(planOf({ host }, { uses: Indexer }))).compose
    expect(services.gateway).toMatchObject({ ports: [written] })
  })

  it('refuses to publish at a host name, which could be any address', async () => {
    const refused = await composed(planOf({ host: 'shop.example' }, { uses: Indexer })).catch(
      MillraceError.from,
    )
    expect(refused).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('shop.example'),
    })
  })

  it('gives all replicas of a Flow the same MILLRACE_FLOW_ID', async () => {
    const { services } = (await composed(planOf({ name: 'shop' }, { name: 'a', uses: Indexer }))).compose
    expect(services.a).toMatchObject({ environment: { MILLRACE_FLOW_ID: 'shop/${COMPOSE_PROJECT_NAME:-}' } })
  })

  it('limits the gateway where asked to', async () => {
    const gatewayResources = { limits: { cpu: '500m', memory: '256Mi' } }
    const { services } = (await composed(richPlan, { gatewayResources })).compose
    expect(services.gateway).toMatchObject({
      deploy: { replicas: 1, resources: { limits: { cpus: '0.5', memory: '268435456b' } } },
    })
  })

  it('checks the health of containers by the age of a file, which starts no Node', async () => {
    const { services } = (await composed(richPlan)).compose
    for (const { healthcheck, environment } of Object.values(services)) {
      expect(healthcheck).toMatchObject({
        test: ['CMD-SHELL', 'test -n "$$(find /tmp/millrace-health -mmin -1)"'],
      })
      expect(environment).toMatchObject({ MILLRACE_HEALTH_FILE: '/tmp/millrace-health' })
    }
  })

  it('keeps a workspace that replicas must share in a shared volume', async () => {
    const stage = { name: 'a', uses: Indexer, replicas: 2, sharedWorkspace: true }
    const { services, volumes } = (await composed(planOf({}, stage))).compose
    expect(services.a).toMatchObject({
      deploy: { replicas: 2 },
      volumes: [{ type: 'volume', source: 'a-workspace', target: '/workspace' }],
    })
    expect(volumes).toEqual({ 'a-workspace': {} })
  })

  it('lets the gateway discover its stages, and mounts each configuration', async () => {
    const { compose, configs } = await composed(richPlan)
    const flow = parse(configs[0]!.text) as { executors: object[] }
    expect(flow.executors[3]).toMatchObject({
      host: ['indexer-1-0', 'indexer-1-1'],
      port: 8080,
      discover: 'dns',
    })
    expect(configs.map(({ path }) => path)).toEqual([
      'millrace/gateway.yml',
      'millrace/encoder.yml',
      'millrace/indexer-1-before.yml',
    ])
    expect(Object.values(compose.configs).map(({ file }) => file)).toEqual(
      configs.map(({ path }) => `./${path}`),
    )
    expect(parse(configs[1]!.text)).toMatchObject({ jtype: 'Indexer', py_modules: [indexerInImage] })
  })

  it('keeps workspaces and volumes', async () => {
    const { services, volumes } = (await composed(richPlan)).compose
    expect(services['indexer-1-0']!.volumes).toEqual([
      { type: 'volume', source: 'indexer-1-0-volume', target: '/models' },
      { type: 'bind', source: './settings', target: '/etc/settings' },
      { type: 'volume', source: 'indexer-1-0-workspace', target: '/workspace' },
    ])
    expect(Object.keys(volumes!)).toHaveLength(5)
    expect(services.encoder).toMatchObject({ tmpfs: ['/tmp', '/workspace'] })
  })

  it('reads secrets from the environment, and nothing else', async () => {
    const plan = planOf(
      { env: { PRICE: '$5' } },
      {
        name: 'a',
        uses: 'docker://b',
        usesWith: { of: '$HOME' },
        envFromSecret: { TOKEN: { name: 't', key: 'k' } },
      },
    )
    const { services } = (await composed(plan)).compose
    expect(services.a).toMatchObject({ environment: { PRICE: '$$5', TOKEN: '${TOKEN:?stage a needs it}' } })
    expect((services.a!.command as string[]).at(-1)).toBe('{"of":"$$HOME"}')
  })

  it('passes the tokens of auth to the gateway only, and not in the file', async () => {
    const { services } = (
      await composed(planOf({ auth: { bearer: { env: 'TOKENS' } } }, { name: 'a', uses: 'docker://b' }))
    ).compose
    expect(services.gateway).toMatchObject({ environment: { TOKENS: '${TOKENS:?the gateway needs it}' } })
    expect(JSON.stringify(services.a)).not.toContain('TOKENS')
  })

  it('mounts the files of tls as secrets of the gateway', async () => {
    const issued = new Authority().server({ name: 'a.test' })
    const files = folderWith({ 'cert.pem': issued.cert, 'key.pem': issued.key })
    const [cert, key] = [files.path('cert.pem'), files.path('key.pem')]
    const { compose } = await composed(planOf({ tls: { cert, key } }, { name: 'a', uses: 'docker://b' }))
    files.close()
    expect(compose).toMatchObject({
      secrets: { 'gateway-tls-crt': { file: cert }, 'gateway-tls-key': { file: key } },
      services: {
        gateway: {
          secrets: [
            { source: 'gateway-tls-crt', target: '/etc/millrace-tls/tls.crt' },
            { source: 'gateway-tls-key', target: '/etc/millrace-tls/tls.key' },
          ],
        },
      },
    })
    expect(composeChecker()(compose)).toEqual([])
  })

  it('refuses the name of the public network for the stages', async () => {
    const refused = await composed(richPlan, { network: 'public' }).catch(MillraceError.from)
    expect(refused).toMatchObject({ code: 'INVALID_OPTION' })
  })
})

it('the file of any plan is valid, and defines everything that its services refer to', async () => {
  const check = composeChecker()
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const { compose, configs } = await composed(plan)
      expect(check(compose)).toEqual([])
      const { executors } = parse(configs[0]!.text) as {
        executors: { host?: string | string[]; discover?: string }[]
      }
      const hosts = executors.flatMap(({ host = [], discover }) => (discover === 'dns' ? host : []))
      expect(['gateway', ...hosts]).toEqual(Object.keys(compose.services))
      for (const { volumes = [], tmpfs } of Object.values(compose.services)) {
        const targets = [
          ...(tmpfs as string[]),
          ...(volumes as { target: string }[]).map(({ target }) => target),
        ]
        expect(new Set(targets).size).toBe(targets.length)
      }
      const named = Object.values(compose.services)
        .flatMap(({ volumes = [] }) => volumes as { type: string; source: string }[])
        .flatMap(({ type, source }) => (type === 'volume' ? [source] : []))
      expect(new Set(named)).toEqual(new Set(Object.keys(compose.volumes ?? {})))
    }),
    { numRuns: 30 },
  )
})
