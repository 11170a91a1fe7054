import { MillraceError } from '../../errors.js'
import { authority } from '../../lib/authority.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import { listenersOf } from '../../plan/listeners.js'
import { flowIdVariable } from '../../workspace/flow-id.js'
import { checksum } from '../../containers/checksum.js'
import { tlsFiles } from '../../containers/container-tls.js'
import { tokenVariable } from '../../containers/container-auth.js'
import { containerListeners } from '../../containers/container-listeners.js'
import { containerPaths } from '../../containers/container-paths.js'
import { gatewayArgs, gatewayConfig } from '../../containers/gateway-config.js'
import { publishedAddress } from '../../containers/published-address.js'
import type { ExportTarget, TextFile } from '../target.js'
import { gatewayImage, type Workload, workloads } from '../../containers/workload.js'
import { yamlText } from '../../containers/yaml-text.js'
import { type DockerComposeOptions, dockerComposeOptions } from './options.js'
import { resources } from './resources.js'
import { literally, service } from './service.js'
import { composeVolumes } from './volumes.js'

/** Folder of the containers' configuration, beside the Compose file. */
const configFolder = 'millrace'
/** Network on which the gateway is published. */
const publicNetwork = 'public'

/**
 * A Compose file, and the configuration files it mounts. Each shard is a service, and its replicas are the service's
 * containers, so that `docker compose up --scale` changes their number.
 */
export const dockerCompose: ExportTarget<FlowPlan, DockerComposeOptions> = {
  options: dockerComposeOptions,
  async render(plan, options) {
    checkNetwork(options.network)
    const own = await Promise.all(
      workloads(plan, options).map((workload) => executor(plan, workload, options)),
    )
    const gate = await gateway(plan, options)
    const services = [gate, ...own]
    const named = [...new Set(own.flatMap(({ volumes }) => volumes))]
    const configs = services.flatMap(({ name, config }) =>
      config === null ? [] : [[name, { file: `./${config.path}` }] as const],
    )
    const compose = {
      services: Object.fromEntries(services.map(({ name, body }) => [name, body])),
      networks: { [options.network]: { internal: true }, [publicNetwork]: {} },
      configs: Object.fromEntries(configs),
      ...tlsSecrets(plan),
      ...(named.length > 0 && { volumes: Object.fromEntries(named.map((name) => [name, {}])) }),
    }
    const texts = services.flatMap(({ config }) => (config === null ? [] : [config]))
    return [{ path: 'docker-compose.yml', text: await yamlText(compose) }, ...texts]
  },
}

interface Service {
  readonly name: string
  readonly body: object
  readonly config: TextFile | null
  readonly volumes: readonly string[]
}

async function gateway(plan: FlowPlan, options: DockerComposeOptions): Promise<Service> {
  const { settings } = plan
  const host = (workload: string): string => workload
  const text = await yamlText(gatewayConfig(plan, { project: options.project, host }))
  const target = `${containerPaths.config}/flow.yml`
  const tokens = tokenVariable(settings.auth)
  const body = service({
    image: gatewayImage(options),
    args: gatewayArgs(plan, target),
    replicas: 1,
    graceMs: settings.graceMs,
    timeoutReadyMs: settings.timeoutReadyMs,
    checksum: checksum(text),
    configs: [{ source: 'gateway', target }],
    environment: tokens === null ? {} : { [tokens]: `\${${tokens}:?the gateway needs it}` },
    volumes: [],
    tmpfs: [],
    networks: [options.network, publicNetwork],
    more: { ports: published(plan, options), ...tlsMounts(plan) },
    deploy: resources({ resources: options.gatewayResources, gpus: null }),
  })
  return { name: 'gateway', body, config: { path: `${configFolder}/gateway.yml`, text }, volumes: [] }
}

async function executor(
  plan: FlowPlan,
  workload: Workload,
  { network }: DockerComposeOptions,
): Promise<Service> {
  const { name, stage, config } = workload
  const { mounts, named, tmpfs } = composeVolumes(workload)
  const text = config.file === null ? null : await yamlText(config.file)
  const body = service({
    image: workload.image,
    args: config.args,
    // there is no autoscaling in Compose
    replicas: Math.max(1, stage.replicas),
    graceMs: plan.settings.graceMs,
    timeoutReadyMs: stage.timeoutReadyMs ?? plan.settings.timeoutReadyMs,
    checksum: checksum(text),
    configs: text === null ? [] : [{ source: name, target: `${containerPaths.config}/config.yml` }],
    environment: { [flowIdVariable]: flowId(plan), ...environment(workload) },
    volumes: mounts,
    tmpfs,
    networks: [network],
    more: {},
    deploy: resources(stage),
  })
  return {
    name,
    body,
    config: text === null ? null : { path: `${configFolder}/${name}.yml`, text },
    volumes: named,
  }
}

/**
 * The ports of the gateway on the host: on all addresses unless the Flow sets one. Compose accepts addresses only, not names.
 */
function published({ settings }: FlowPlan, options: DockerComposeOptions): readonly string[] {
  const address = publishedAddress(settings.host)
  const own = listenersOf(settings)
  return containerListeners(settings).map(({ port }, index) => {
    const onHost = options.port === null ? own[index]!.port || port : options.port + index
    return `${address === null ? '' : `${authority(address)}:`}${onHost}:${port}`
  })
}

/** The files of TLS on this machine, by name. */
function tlsSecrets({ settings }: FlowPlan): { readonly secrets?: object } {
  const files = tlsFiles(settings.tls)
  if (files.length === 0) return {}
  return {
    secrets: Object.fromEntries(files.map(({ name, file }) => [secretName(name), { file: literally(file) }])),
  }
}

/** The same files in the gateway's container. */
function tlsMounts({ settings }: FlowPlan): { readonly secrets?: readonly object[] } {
  const files = tlsFiles(settings.tls)
  if (files.length === 0) return {}
  return { secrets: files.map(({ name, target }) => ({ source: secretName(name), target })) }
}

/** Names of Compose's secrets have no dots. */
function secretName(name: string): string {
  return `gateway-${name.replace('.', '-')}`
}

/** Workspace ids are per Compose project, so that two projects of one Flow do not share data. */
function flowId({ settings: { name } }: FlowPlan): string {
  return `${literally(name)}/\${COMPOSE_PROJECT_NAME:-}`
}

/** Compose has no cluster secrets: values come from the environment or `.env`. */
function environment({ env, stage }: Workload): Readonly<Record<string, string>> {
  const plain = Object.entries(env).map(([variable, value]) => [variable, literally(value)])
  const secret = Object.keys(stage.envFromSecret).map((variable) => [
    variable,
    `\${${variable}:?stage ${stage.name} needs it}`,
  ])
  return Object.fromEntries([...plain, ...secret]) as Record<string, string>
}

function checkNetwork(network: string): void {
  if (/^[a-zA-Z0-9][\w.-]*$/.test(network) && network !== publicNetwork) return
  throw new MillraceError(
    'INVALID_OPTION',
    `export docker-compose: network must be a name of letters, digits, _, . and -, other than '${publicNetwork}', not ${JSON.stringify(network)}.`,
  )
}
