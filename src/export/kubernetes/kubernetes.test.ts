import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { type ErrorCode, MillraceError } from '../../errors.js'
import { healthCommand, healthFileVariable } from '../../containers/health-file.js'
import { Authority, folderWith } from '../../tls/certificates.suite.js'
import type { FlowOptions } from '../../plan/flow-settings.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import type { StageOptions } from '../../plan/stage-settings.js'
import { exportSuite } from '../export.suite.js'
import {
  edgesIn,
  graphEdges,
  graphPlan,
  Indexer,
  indexerInImage,
  kubernetesChecker,
  kubernetesVersions,
  planOf,
  plans,
  project,
  richPlan,
} from '../fixture.suite.js'
import { type OptionsOf, renderExport } from '../index.js'
import type { KubernetesObject } from './object.js'

const options = { image: 'shop:1', project } as const

/** The objects as `kubectl` reads them, with the paths of their files. */
async function objectsOf(
  plan: FlowPlan,
  more: OptionsOf<'kubernetes'> = {},
): Promise<readonly KubernetesObject[]> {
  const files = await renderExport('kubernetes', plan, { ...options, ...more })
  return files
    .filter(({ path }) => path !== 'kustomization.yaml')
    .flatMap(({ text }) =>
      parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as KubernetesObject),
    )
}

/** An object whose fields tests read without a type. */
type Loose = any

const find = (objects: readonly KubernetesObject[], kind: string, name: string): Loose =>
  objects.find((object) => object.kind === kind && object.metadata.name === name) as Loose

const containerOf = (controller: Loose): Loose => controller.spec.template.spec.containers[0]

class SharedIndexer extends Indexer {
  static override module: string = Indexer.module!
  static override sharedWorkspace = true
}

describe('export kubernetes', () => {
  exportSuite('kubernetes', richPlan, options)

  it('reads the tokens of auth from the Secret gateway-auth', async () => {
    const plan = planOf({ auth: { bearer: { env: 'TOKENS' } } }, { name: 'a', uses: Indexer })
    const { env } = containerOf(find(await objectsOf(plan), 'Deployment', 'gateway'))
    expect(env).toContainEqual({
      name: 'TOKENS',
      valueFrom: { secretKeyRef: { name: 'gateway-auth', key: 'TOKENS' } },
    })
  })

  describe('with metrics', () => {
    const names = ['gateway', 'a'] as const
    const ports = (objects: readonly KubernetesObject[], name: string): unknown => ({
      annotations: find(objects, 'Deployment', name).spec.template.metadata.annotations,
      container: containerOf(find(objects, 'Deployment', name)).ports,
      service: find(objects, 'Service', name).spec.ports,
    })

    it('has a port of each pod, annotations for Prometheus, and an Executor that serves them', async () => {
      const objects = await objectsOf(planOf({ metrics: true }, { name: 'a', uses: Indexer }))
      for (const name of names)
        expect(ports(objects, name)).toMatchObject({
          annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090' },
          container: [{ name: 'port' }, { name: 'metrics', containerPort: 9090 }],
          service: [{ name: 'port' }, { name: 'metrics', port: 9090, targetPort: 9090 }],
        })
      const { args } = containerOf(find(objects, 'Deployment', 'a'))
      expect(args.slice(args.indexOf('--metrics'))[1]).toBe('{"port":9090,"host":"::"}')
      expect(objects.some(({ kind }) => kind === 'ServiceMonitor')).toBe(false)
    })

    it('has none for Executors with tokens, which their containers do not have', async () => {
      const settings = { metrics: { port: 9100, auth: true }, auth: { bearer: { env: 'TOKENS' } } }
      const objects = await objectsOf(planOf(settings, { name: 'a', uses: Indexer }))
      expect(ports(objects, 'gateway')).toMatchObject({
        container: [{ name: 'port' }, { containerPort: 9100 }],
      })
      expect(ports(objects, 'a')).toMatchObject({ container: [{ name: 'port' }] })
      expect(containerOf(find(objects, 'Deployment', 'a')).args).not.toContain('--metrics')
    })

    it('has a ServiceMonitor when asked, which selects all Services of the Flow', async () => {
      const auth = { bearer: { env: 'TOKENS' } }
      const plan = planOf({ name: 'shop', metrics: { auth: true }, auth }, { name: 'a', uses: Indexer })
      const objects = await objectsOf(plan, { serviceMonitor: true })
      const { spec } = find(objects, 'ServiceMonitor', 'shop')
      const [[label, value]] = Object.entries(spec.selector.matchLabels) as [[string, string]]
      for (const name of names) expect(find(objects, 'Service', name).metadata.labels[label]).toBe(value)
      const credentials = { name: 'gateway-auth', key: 'TOKENS' }
      expect(spec.endpoints).toEqual([{ port: 'metrics', path: '/metrics', authorization: { credentials } }])
    })

    it('refuses a ServiceMonitor without metrics', async () => {
      const refused = objectsOf(planOf({}, { name: 'a', uses: Indexer }), { serviceMonitor: true })
      await expect(refused).rejects.toThrow('the Flow has no metrics to scrape')
    })
  })

  describe('with tls', () => {
    const issued = new Authority().server({ name: 'a.test' })
    const files = folderWith({ 'cert.pem': issued.cert, 'key.pem': issued.key })
    afterAll(() => files.close())
    const tls = { cert: files.path('cert.pem'), key: files.path('key.pem') }
    const gatewayWith = async (more: FlowOptions): Promise<Loose> =>
      find(await objectsOf(planOf({ tls, ...more }, { name: 'a', uses: Indexer })), 'Deployment', 'gateway')

    it('mounts the Secret gateway-tls', async () => {
      const gateway = await gatewayWith({})
      expect(gateway.spec.template.spec.volumes).toContainEqual({
        name: 'tls',
        secret: { secretName: 'gateway-tls', defaultMode: 0o440 },
      })
      const mount = { name: 'tls', mountPath: '/etc/millrace-tls', readOnly: true }
      expect(containerOf(gateway).volumeMounts).toContainEqual(mount)
    })

    const https = { httpGet: { path: '/health/ready', port: 8080, scheme: 'HTTPS' } }
    const file = { exec: { command: ['sh', '-c', healthCommand] } }
    it.each<[FlowOptions, object]>([
      [{ protocol: ['grpc', 'http'] }, https],
      [{ protocol: 'websocket' }, https],
      [{ protocol: 'grpc' }, file],
      [{ protocol: 'http', tls: { ...tls, ca: tls.cert, clientCertificate: 'request' } }, https],
      [{ protocol: 'http', tls: { ...tls, ca: tls.cert, clientCertificate: 'require' } }, file],
    ])('has probes that work without a certificate: %#', async (more, check) => {
      const { readinessProbe, livenessProbe, env } = containerOf(await gatewayWith(more))
      expect(readinessProbe).toMatchObject(check)
      expect(Object.keys(livenessProbe as object)).toContain(Object.keys(check)[0])
      const variables = (env as readonly { readonly name: string }[]).map(({ name }) => name)
      expect(variables.includes(healthFileVariable)).toBe(check === file)
    })
  })

  it.each(kubernetesVersions)('is valid for Kubernetes %s', async (version) => {
    const check = kubernetesChecker(version)
    expect((await objectsOf(richPlan)).flatMap(check)).toEqual([])
  })

  it('has the graph in the ConfigMap of its gateway, and a workload for each stage with an Executor', async () => {
    const objects = await objectsOf(graphPlan)
    const workloads = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    expect(workloads.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'gateway',
      'image',
      'journal',
      'rank',
      'text',
    ])
    const config = objects.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('gateway'),
    ) as Loose
    expect(edgesIn(config.data['flow.yml'])).toEqual(graphEdges)
  })

  it('is checked for keys that Kubernetes does not have', async () => {
    const [, , , , , , deployment] = await objectsOf(planOf({}, { uses: Indexer }))
    const wrong = { ...deployment!, spec: { ...(deployment!.spec as object), strategi: {} } }
    expect(kubernetesChecker('1.33')(wrong).join()).toContain('strategi')
  })

  it('has a folder for each stage, and lists all files', async () => {
    const files = await renderExport('kubernetes', richPlan, options)
    const paths = files.map(({ path }) => path)
    expect(paths).toEqual([
      'kustomization.yaml',
      'service-account.yml',
      'gateway/gateway.yml',
      'encoder/encoder.yml',
      'indexer-1-before/indexer-1-before.yml',
      'indexer-1/indexer-1-0.yml',
      'indexer-1/indexer-1-1.yml',
    ])
    expect(parse(files[0]!.text)).toMatchObject({ kind: 'Kustomization', resources: paths.slice(1) })
  })

  it('gives the gateway the addresses and options of the stages', async () => {
    const map = find(await objectsOf(richPlan), 'ConfigMap', 'gateway-files')
    expect(map.data['flow.yml']).toBe(`jtype: Flow
with:
  name: shop
  timeoutMs: 5000
  graceMs: 10000
  control: false
executors:
  - name: entry
  - name: encoder
    external: true
    host: encoder.shop.svc
    port: 8080
    discover: kubernetes
    forwardHeaders: all
    flow: shop
  - name: indexer_1_before
    external: true
    host: indexer-1-before.shop.svc
    port: 8080
    discover: kubernetes
    forwardHeaders: all
    flow: shop
    timeout_send: 2000
  - name: indexer_1
    external: true
    host:
      - indexer-1-0.shop.svc
      - indexer-1-1.shop.svc
    port: 8080
    discover: kubernetes
    forwardHeaders: all
    flow: shop
    shards: 2
    polling: KEY
    key: tags.tenant
    reduce:
      limit: 10
    retries: 2
    hedge:
      afterMs: 40
      budget: 0.05
    timeout_send: 2000
  - name: elsewhere
    external: true
    host:
      - a
      - b
    port:
      - 443
      - 443
    tls: true
`)
  })

  it('names and labels things as Jina does', async () => {
    const objects = await objectsOf(richPlan)
    const shard = find(objects, 'StatefulSet', 'indexer-1-1')
    expect(shard.spec.template.metadata.labels).toMatchObject({
      app: 'indexer-1-1',
      jina_deployment_name: 'indexer_1',
      shard_id: '1',
      pod_type: 'WORKER',
      ns: 'shop',
    })
    const gateway = find(objects, 'Deployment', 'gateway')
    expect(gateway.metadata.labels).toMatchObject({ app: 'gateway', pod_type: 'GATEWAY', shard_id: '' })
    expect(find(objects, 'ConfigMap', 'encoder-configmap').data).toEqual({ MODE: 'yes' })
  })

  it('runs a class of the project in the image of the project, with its configuration', async () => {
    const objects = await objectsOf(richPlan)
    const container = containerOf(find(objects, 'Deployment', 'encoder'))
    expect(container.image).toBe('shop:1')
    expect(container.args.join(' ')).toBe(
      'executor --uses /etc/millrace/config.yml --name encoder --host :: --port 8080 --flow=shop --workspace /workspace --restarts 0 --grace-ms 10000',
    )
    const { 'config.yml': config } = find(objects, 'ConfigMap', 'encoder-files').data
    // read as YAML 1.2 and as YAML 1.1, in which `on` would be true
    for (const version of ['1.2', '1.1'] as const) {
      expect(parse(config, { version })).toEqual({
        jtype: 'Indexer',
        py_modules: [indexerInImage],
        with: { model: 'on', price: '$5' },
      })
    }
  })

  it('passes an image its shard number, and options that override its own configuration', async () => {
    const container = containerOf(find(await objectsOf(richPlan), 'StatefulSet', 'indexer-1-1'))
    expect(container.image).toBe('registry.example/indexer:1.2')
    expect(container.args.join(' ')).toContain(
      '--uses config.yml --name indexer_1 --host :: --port 8080 --shard-id 1 --shards 2',
    )
    expect(container.args.slice(-2)).toEqual(['--uses-with', '{"dim":3}'])
  })

  describe('a stage whose replicas must share a workspace', () => {
    const shared = { name: 'index', uses: SharedIndexer, workspace: '/workspace' } as const

    it.each<StageOptions>([
      { ...shared, replicas: 2 },
      { ...shared, replicas: 3, shards: 2 },
      { ...shared, replicas: { min: 1, max: 4 } },
      { name: 'index', uses: SharedIndexer, replicas: 2 },
      { name: 'index', uses: SharedIndexer, replicas: 2, workspace: '/data/w', volumes: '/data' },
      { name: 'index', uses: 'docker://index:1', replicas: 2, sharedWorkspace: true },
    ])('is refused with several, each of which would have its own: %j', async (stage) => {
      await expect(objectsOf(planOf({}, stage), { storageClass: 'fast' })).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(/^stage 'index': .*replicas: 1.*sharedStorageClass/s) as string,
      })
    })

    it('has one claim per shard with sharedStorageClass', async () => {
      const stage = { ...shared, replicas: 2, shards: 2 }
      const objects = await objectsOf(planOf({ name: 'shop' }, stage), { sharedStorageClass: 'nfs' })
      const others = objects.filter(({ kind }) => kind !== 'PersistentVolumeClaim')
      expect(others.flatMap(kubernetesChecker('1.33'))).toEqual([])
      expect(objects.filter(({ kind }) => kind === 'StatefulSet')).toEqual([])
      for (const name of ['index-0', 'index-1']) {
        const claim = find(objects, 'PersistentVolumeClaim', `${name}-workspace`)
        expect(claim.spec).toMatchObject({ accessModes: ['ReadWriteMany'], storageClassName: 'nfs' })
        const { spec, metadata } = find(objects, 'Deployment', name)
        const pod = spec.template.spec
        expect(spec.replicas).toBe(2)
        expect(pod.volumes).toContainEqual({
          name: 'workspace',
          persistentVolumeClaim: { claimName: `${name}-workspace` },
        })
        expect(pod.containers[0].volumeMounts).toContainEqual({ name: 'workspace', mountPath: '/workspace' })
        // its replicas share the workspace
        expect(pod.containers[0].env).toContainEqual({
          name: 'MILLRACE_FLOW_ID',
          value: `$(K8S_NAMESPACE_NAME)/${name}`,
        })
        expect(metadata.annotations).toBeUndefined()
        expect(objects.indexOf(claim)).toBeLessThan(objects.indexOf(find(objects, 'Deployment', name)))
      }
    })

    it('is limited to one replica otherwise, and marked so for scale()', async () => {
      const { metadata } = find(await objectsOf(planOf({}, shared)), 'StatefulSet', 'index')
      expect(metadata.annotations).toEqual({ 'millrace/workspace': 'own' })
    })

    it('can be set to share or not with sharedWorkspace', async () => {
      const kept = { ...shared, replicas: 2, sharedWorkspace: false }
      const stateful = find(await objectsOf(planOf({}, kept)), 'StatefulSet', 'index')
      expect(stateful.spec.replicas).toBe(2)
      expect(JSON.stringify(stateful)).not.toContain('MILLRACE_OWN_WORKSPACE')
      const told = { name: 'a', uses: Indexer, workspace: '/workspace', replicas: 2, sharedWorkspace: true }
      await expect(objectsOf(planOf({}, told))).rejects.toThrow(/stage 'a'/)
    })

    it('is refused by its container when the export does not know its class', async () => {
      const stage = { name: 'index', uses: 'docker://index:1', workspace: '/workspace' } as const
      const env = async (replicas: number): Promise<unknown[]> =>
        containerOf(find(await objectsOf(planOf({}, { ...stage, replicas })), 'StatefulSet', 'index')).env
      const variable = { name: 'MILLRACE_OWN_WORKSPACE', value: '1' }
      expect(await env(2)).toContainEqual(variable)
      expect(await env(1)).not.toContainEqual(variable)
    })
  })

  it('lets a pod of a StatefulSet use the workspace of the pod that it replaces', async () => {
    const objects = await objectsOf(richPlan)
    const stateful = containerOf(find(objects, 'StatefulSet', 'indexer-1-1'))
    expect(stateful.env).toContainEqual({
      name: 'MILLRACE_FLOW_ID',
      value: '$(K8S_NAMESPACE_NAME)/$(K8S_POD_NAME)',
    })
    const { env } = containerOf(find(objects, 'Deployment', 'encoder'))
    expect(JSON.stringify(env)).not.toContain('MILLRACE_FLOW_ID')
  })

  it('has only the shard that the Flow runs with shardId', async () => {
    const objects = await objectsOf(planOf({}, { name: 'a', uses: Indexer, shards: 3, shardId: 1 }))
    expect(containerOf(find(objects, 'Deployment', 'a-1')).args.join(' ')).toContain(
      '--shard-id 1 --shards 3',
    )
    expect(find(objects, 'ConfigMap', 'gateway-files').data['flow.yml']).toContain('host: a-1.default.svc\n')
  })

  it('keeps workspace and volumes in claims of each replica', async () => {
    const { spec } = find(
      await objectsOf(richPlan, { storage: '20Gi', storageClass: 'fast' }),
      'StatefulSet',
      'indexer-1-0',
    )
    const claims = spec.volumeClaimTemplates
    expect(claims.map(({ metadata }: Loose) => metadata.name)).toEqual([
      'indexer-1-0-volume',
      'volume-1',
      'workspace',
    ])
    expect(claims[0].spec).toMatchObject({
      storageClassName: 'fast',
      resources: { requests: { storage: '20Gi' } },
    })
    const mounts = spec.template.spec.containers[0].volumeMounts.map(({ mountPath }: Loose) => mountPath)
    expect(mounts).toEqual(['/tmp', '/models', '/etc/settings', '/workspace'])
    expect(spec.serviceName).toBe('indexer-1-0')
  })

  it('does not move a workspace that is on a volume', async () => {
    const plan = planOf({}, { name: 'indexer', uses: Indexer, volumes: ['/data'], workspace: '/data/index' })
    const { spec } = find(await objectsOf(plan), 'StatefulSet', 'indexer')
    expect(spec.volumeClaimTemplates).toHaveLength(1)
    expect(spec.template.spec.containers[0].args.join(' ')).toContain('--workspace /data/index')
  })

  it('leaves time for requests in flight', async () => {
    const { spec } = find(await objectsOf(richPlan), 'Deployment', 'gateway').spec.template
    // 5 s until clients stop connecting, 10 s of grace, 5 s to exit
    expect(spec.terminationGracePeriodSeconds).toBe(20)
    expect(spec.containers[0].lifecycle.preStop.exec.command).toEqual([
      'node',
      '-e',
      'setTimeout(() => {}, 5000)',
    ])
    const executor = find(await objectsOf(richPlan), 'Deployment', 'encoder').spec.template.spec
    // gateways learn of it at once and use other replicas
    expect(executor.terminationGracePeriodSeconds).toBe(15)
    expect(executor.containers[0].lifecycle).toBeUndefined()
  })

  it('lets the gateway watch endpoint slices, and grants nothing else', async () => {
    const objects = await objectsOf(richPlan)
    const { rules } = find(objects, 'Role', 'millrace-gateway') as Loose
    expect(rules).toEqual([
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
    ])
    expect(find(objects, 'RoleBinding', 'millrace-gateway')).toMatchObject({
      roleRef: { kind: 'Role', name: 'millrace-gateway' },
      subjects: [{ kind: 'ServiceAccount', name: 'millrace-gateway', namespace: 'shop' }],
    })
    const accountOf = (kind: string, name: string): Loose => {
      const { serviceAccountName, automountServiceAccountToken } = find(objects, kind, name).spec.template
        .spec
      return { serviceAccountName, automountServiceAccountToken }
    }
    expect(accountOf('Deployment', 'gateway')).toEqual({
      serviceAccountName: 'millrace-gateway',
      automountServiceAccountToken: true,
    })
    const executor = { serviceAccountName: 'millrace', automountServiceAccountToken: false }
    expect(accountOf('Deployment', 'encoder')).toEqual(executor)
    expect(accountOf('StatefulSet', 'indexer-1-0')).toEqual(executor)
  })

  it('has a port of the gateway and of its Service for each listener, and probes the first', async () => {
    const plan = planOf({ protocol: ['grpc', 'grpc'], port: [0, 0] }, { name: 'indexer', uses: Indexer })
    const objects = await objectsOf(plan)
    expect(objects.flatMap(kubernetesChecker(kubernetesVersions.at(-1)!))).toEqual([])
    expect(find(objects, 'Service', 'gateway').spec.ports).toEqual([
      { name: 'port', port: 8080, targetPort: 8080, protocol: 'TCP' },
      { name: 'grpc-1', port: 8081, targetPort: 8081, protocol: 'TCP' },
    ])
    const { ports, args, readinessProbe } = containerOf(find(objects, 'Deployment', 'gateway'))
    expect(ports.map(({ containerPort }: Loose) => containerPort)).toEqual([8080, 8081])
    expect(readinessProbe.grpc).toEqual({ port: 8080 })
    expect(args).not.toContain('--port')
  })

  it.each([
    [['grpc', 'http'], 0, { grpc: { port: 8080 } }, { grpc: { port: 8080 } }],
    [['http', 'grpc'], [0, 0], { grpc: { port: 8081 } }, { grpc: { port: 8081 } }],
    [
      ['http'],
      0,
      { httpGet: { path: '/health/ready', port: 8080 } },
      { httpGet: { path: '/health/live', port: 8080 } },
    ],
  ] as const)('probes a gateway of %j on ports %j by %j', async (protocol, port, ready, live) => {
    const objects = await objectsOf(planOf({ protocol, port }, { name: 'indexer', uses: Indexer }))
    expect(objects.flatMap(kubernetesChecker(kubernetesVersions.at(-1)!))).toEqual([])
    const gateway = containerOf(find(objects, 'Deployment', 'gateway'))
    expect(gateway.startupProbe).toMatchObject(ready)
    expect(gateway.readinessProbe).toMatchObject(ready)
    expect(gateway.livenessProbe).toMatchObject(live)
  })

  it('listens on all interfaces of IPv6 and IPv4, as a cluster may give pods either', async () => {
    const objects = await objectsOf(planOf({ host: '127.0.0.1' }, { name: 'indexer', uses: Indexer }))
    for (const name of ['gateway', 'indexer']) {
      const [controller] = objects.filter(
        ({ kind, metadata }) => metadata.name === name && ['Deployment', 'StatefulSet'].includes(kind),
      )
      expect(containerOf(controller as Loose).args.join(' ')).toContain('--host :: --port 8080')
    }
  })

  it('has no fixed number of replicas with an autoscaler', async () => {
    const objects = await objectsOf(richPlan)
    expect(find(objects, 'Deployment', 'encoder').spec).not.toHaveProperty('replicas')
    expect(find(objects, 'HorizontalPodAutoscaler', 'encoder').spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: 'encoder' },
      minReplicas: 1,
      maxReplicas: 4,
      metrics: [{ resource: { target: { type: 'AverageValue', averageValue: '700m' } } }],
    })
  })

  it('supports secrets and GPUs', async () => {
    const pod = find(await objectsOf(richPlan), 'Deployment', 'encoder').spec.template.spec
    expect(pod.imagePullSecrets).toEqual([{ name: 'registry' }])
    expect(pod.containers[0]).toMatchObject({
      env: expect.arrayContaining([
        { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'tokens', key: 'hub' } } },
      ]),
      resources: { limits: { 'nvidia.com/gpu': '1' } },
    })
  })

  it('replaces pods when their configuration changes, and only then', async () => {
    const sum = async (usesWith: object): Promise<unknown> => {
      const objects = await objectsOf(planOf({}, { name: 'a', uses: Indexer, usesWith: { ...usesWith } }))
      return find(objects, 'Deployment', 'a').spec.template.metadata.annotations['checksum/config']
    }
    expect(await sum({ dim: 3 })).toBe(await sum({ dim: 3 }))
    expect(await sum({ dim: 3 })).not.toBe(await sum({ dim: 4 }))
  })

  it('limits the gateway where asked to', async () => {
    const gatewayResources = { requests: { cpu: 1 }, limits: { cpu: 2, memory: '256Mi' } }
    const { resources } = containerOf(
      find(await objectsOf(richPlan, { gatewayResources }), 'Deployment', 'gateway'),
    )
    expect(resources).toEqual({ requests: { cpu: '1' }, limits: { cpu: '2', memory: '256Mi' } })
    expect(containerOf(find(await objectsOf(richPlan), 'Deployment', 'gateway'))).not.toHaveProperty(
      'resources',
    )
  })

  it('does not let Kubernetes expand $(NAME) in arguments', async () => {
    const plan = planOf({}, { name: 'a', uses: 'docker://b', usesWith: { cost: '$(POD_UID) $5 a$$b' } })
    const { args } = containerOf(find(await objectsOf(plan, { gatewayImage: 'g' }), 'Deployment', 'a'))
    expect(args.at(-1)).toBe('{"cost":"$$(POD_UID) $$5 a$$$$b"}')
  })
})

describe('what cannot be exported to Kubernetes', () => {
  const long = 'a'.repeat(60)
  const cases: [string, StageOptions[], ErrorCode, RegExp, OptionsOf<'kubernetes'>?][] = [
    [
      'a class without an image',
      [{ name: 'a', uses: Indexer }],
      'INVALID_OPTION',
      /'a' runs a class.*--image/,
      { image: null },
    ],
    [
      'a gateway without an image',
      [{ name: 'a', uses: 'docker://b' }],
      'INVALID_OPTION',
      /gateway needs an image/,
      { image: null },
    ],
    [
      'a class outside of the project',
      [{ name: 'a', uses: new URL('../../../test/fixtures/exported.mjs#Encoder', import.meta.url) }],
      'UNSUPPORTED',
      /'a': .* is not in the project/,
      { project: '/nowhere' },
    ],
    [
      'a module without a class',
      [{ name: 'a', uses: new URL('../fixture.suite.ts', import.meta.url) }],
      'INVALID_OPTION',
      /but not a class/,
    ],
    [
      'names that meet',
      [
        { name: 'a_b', uses: Indexer },
        { name: 'A_b', uses: Indexer },
      ],
      'INVALID_NAME',
      /'A_b' and 'a_b' would both have the network name 'a-b'/,
    ],
    [
      'a stage with the same object name as a shard',
      [
        { name: 'a', uses: Indexer, shards: 2 },
        { name: 'a_1', uses: Indexer },
      ],
      'INVALID_NAME',
      /'a_1' and 'a'/,
    ],
    ["the gateway's name", [{ name: 'Gateway', uses: Indexer }], 'INVALID_NAME', /'Gateway' and 'gateway'/],
    ['a name of other letters', [{ name: 'größe', uses: Indexer }], 'INVALID_NAME', /network name 'größe'/],
    ['a name that ends with _', [{ name: 'a_', uses: Indexer }], 'INVALID_NAME', /network name 'a-'/],
    [
      'a name that ends with _, with shards behind it',
      [{ name: 'a_', uses: Indexer, shards: 2 }],
      'INVALID_NAME',
      /network name 'a-'/,
    ],
    [
      'a name that is too long',
      [{ name: `${long}aaaa`, uses: Indexer }],
      'INVALID_NAME',
      /64 characters; at most 63/,
    ],
    [
      'a name that is too long for a StatefulSet',
      [{ name: long, uses: Indexer, workspace: 'w' }],
      'INVALID_NAME',
      /60 characters; at most 52/,
    ],
    ['all graphics cards', [{ name: 'a', uses: Indexer, gpus: 'all' }], 'UNSUPPORTED', /gpus: 1/],
    [
      'a reduce of this program',
      [{ name: 'a', uses: Indexer, shards: 2, reduce: (docs) => docs[0]! }],
      'UNSUPPORTED',
      /reduce is a function/,
    ],
    [
      'options that JSON cannot express',
      [{ name: 'a', uses: Indexer, usesWith: { since: new Date(0) } }],
      'UNSUPPORTED',
      /usesWith has a value that JSON cannot express/,
    ],
    [
      'two volumes at the same path',
      [{ name: 'a', uses: Indexer, volumes: ['/data', 'b:/data'] }],
      'INVALID_OPTION',
      /volumes has \/data/,
    ],
    [
      'a variable that a container cannot have',
      [{ name: 'a', uses: Indexer, env: { 'A B': '' } }],
      'INVALID_OPTION',
      /env has "A B"/,
    ],
    ['an invalid namespace', [{ name: 'a', uses: Indexer }], 'INVALID_NAME', /"A b"/, { namespace: 'A b' }],
  ]
  it.each(cases)('%s', async (_name, stages, code, message, more = {}) => {
    const refused = await renderExport('kubernetes', planOf({}, ...stages), { ...options, ...more }).then(
      () => null,
      MillraceError.from,
    )
    expect(refused?.message).toMatch(message)
    expect(refused?.code).toBe(code)
  })
})

it('the objects of any plan are valid and consistent, and the gateway knows them', async () => {
  const checks = kubernetesVersions.map(kubernetesChecker)
  const label = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const objects = await objectsOf(plan, { namespace: 'shop' })
      expect(objects.flatMap((object) => checks.flatMap((check) => check(object)))).toEqual([])
      const keys = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
      expect(new Set(keys).size).toBe(keys.length)
      for (const { metadata } of objects) expect(metadata.name).toMatch(label)
      for (const { metadata } of objects) {
        for (const value of Object.values(metadata.labels))
          expect(value).toMatch(/^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/)
      }
      expectFitting(objects)
      expectConfigured(objects, plan)
      const flow = find(objects, 'ConfigMap', 'gateway-files').data['flow.yml']
      const hosts = (parse(flow) as { executors: { host?: string | string[] }[] }).executors.flatMap(
        ({ host = [] }) => host,
      )
      const services = objects.filter(
        ({ kind, metadata }) => kind === 'Service' && metadata.name !== 'gateway',
      )
      expect(services.map(({ metadata }) => `${metadata.name}.shop.svc`)).toEqual(
        hosts.filter((host) => host.endsWith('.svc')),
      )
    }),
    { numRuns: 30 },
  )
})

/**
 * A configuration gives the options of the stage when read as YAML 1.2 or 1.1. Options with a string like `$NAME`, which
 * would be substituted, are arguments instead.
 */
function expectConfigured(objects: readonly KubernetesObject[], { stages }: FlowPlan): void {
  const stagesByName = new Map(stages.map((stage) => [stage.name, stage]))
  for (const { metadata, data } of objects as Loose[]) {
    if (data?.['config.yml'] === undefined) continue
    const name = metadata.labels.jina_deployment_name
    const { usesWith } = stagesByName.get(name)!
    const argument = argumentOf(objects, name, '--uses-with')
    for (const version of ['1.2', '1.1'] as const) {
      const file = parse(data['config.yml'], { version }).with
      expect(argument ?? file ?? {}).toEqual(usesWith)
      if (argument !== undefined) expect(file).toBeUndefined()
    }
  }
}

/** The JSON of an argument of a stage's pods; undefined when they have none. */
function argumentOf(objects: readonly KubernetesObject[], stage: string, name: string): unknown {
  const [pods] = (objects as Loose[]).filter(
    ({ kind, metadata }) =>
      (kind === 'Deployment' || kind === 'StatefulSet') && metadata.labels.jina_deployment_name === stage,
  )
  const { args } = containerOf(pods!)
  const at = args.indexOf(name)
  // Kubernetes turns `$$` into `$`
  return at < 0 ? undefined : JSON.parse(args[at + 1].replaceAll('$$', '$'))
}

/** Every selector matches the pods of the same name, and everything that is mounted exists. */
function expectFitting(objects: readonly KubernetesObject[]): void {
  const controllers = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet') as Loose[]
  for (const { metadata, spec } of controllers) {
    const labels = spec.template.metadata.labels
    const selectors = objects
      .filter((object) => object.metadata.name === String(metadata.name))
      .map((object) => (object.spec ?? {}) as Loose)
      .flatMap(({ selector }) => (selector === undefined ? [] : [selector.matchLabels ?? selector]))
    expect(selectors.length).toBe(3)
    for (const selector of selectors) expect(labels).toMatchObject(selector)
    const pod = spec.template.spec
    const provided = [
      ...pod.volumes.map(({ name }: Loose) => name),
      ...(spec.volumeClaimTemplates ?? []).map((claim: Loose) => claim.metadata.name),
    ]
    const mounts = pod.containers[0].volumeMounts
    expect(new Set(mounts.map(({ name }: Loose) => name))).toEqual(new Set(provided))
    expect(new Set(mounts.map(({ mountPath }: Loose) => mountPath)).size).toBe(mounts.length)
    for (const { configMap } of pod.volumes) {
      if (configMap !== undefined) expect(find(objects, 'ConfigMap', configMap.name)).toBeDefined()
    }
  }
}
