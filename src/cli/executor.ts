import { existsSync } from 'node:fs'
import type { FlowOptions } from '../plan/flow-settings.js'
import type { StageOptions } from '../plan/stage-settings.js'
import { parseArguments, positional } from './arguments.js'
import type { Command } from './command.js'
import { insideVariable, readInside } from '../pods/docker/inside.js'
import { given, numberOption, objectOption } from './option-values.js'
import { untilInterrupted } from './until-interrupted.js'
import { UsageError } from './usage-error.js'

/** Default for `--uses`: the config file in an image made for one Executor. */
const presetFile = 'config.yml'

const options = {
  uses: { type: 'string' },
  'uses-with': { type: 'string' },
  'uses-metas': { type: 'string' },
  'uses-requests': { type: 'string' },
  'uses-dynamic-batching': { type: 'string' },
  name: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  workspace: { type: 'string' },
  shards: { type: 'string' },
  'shard-id': { type: 'string' },
  flow: { type: 'string' },
  replicas: { type: 'string' },
  'max-concurrency': { type: 'string' },
  'allow-concurrent': { type: 'boolean' },
  queue: { type: 'string' },
  'exit-on-exceptions': { type: 'string', multiple: true },
  python: { type: 'string' },
  restarts: { type: 'string' },
  'max-message-bytes': { type: 'string' },
  'request-limits': { type: 'string' },
  'timeout-ready': { type: 'string' },
  'grace-ms': { type: 'string' },
  metrics: { type: 'string' },
  tracing: { type: 'string' },
  quiet: { type: 'boolean' },
} as const

export const executor: Command = {
  summary: 'Runs one Executor as a server of its own',
  options,
  help: `Usage: millrace executor [--uses FILE[#CLASS]] [--port N] [--host HOST]
                         [--name NAME] [--uses-with JSON] [--workspace FOLDER]
                         [--replicas N] [--max-concurrency N] [--queue JSON] …

Serves an Executor by gRPC, as Jina's Executors are served, until SIGINT or
SIGTERM: then it refuses new requests, finishes those in flight, and exits with
0. A Flow uses it as an external stage (external: true, host, port).

  --uses       a module, with the name of a class, or the YAML of an Executor;
               default: ${presetFile}
  --port       0, the default, lets the system choose
  --host       interface to bind; default: 0.0.0.0
  --uses-with  options for its constructor, a JSON object
  --replicas   processes that share the requests
  --max-concurrency
               handlers that may run at once in one of them
  --queue      what may wait: {"maxRequests":N,"maxBytes":N,"maxWaitMs":N,
               "perReplica":N}

All options, such as those of shards, limits, metrics and the end:
millrace help executor all

Example: millrace executor --uses ./indexer.js#Indexer --port 8080`,
  fullHelp: `Usage: millrace executor [--uses FILE[#CLASS]] [--port N] [--host HOST]
                         [--name NAME] [--workspace FOLDER]
                         [--uses-with JSON] [--uses-metas JSON]
                         [--uses-requests JSON]
                         [--uses-dynamic-batching JSON]
                         [--shards N --shard-id I] [--flow NAME]
                         [--replicas N]
                         [--max-concurrency N] [--allow-concurrent]
                         [--queue JSON]
                         [--exit-on-exceptions NAME]… [--restarts N]
                         [--max-message-bytes N] [--request-limits JSON]
                         [--timeout-ready MS] [--grace-ms N] [--python PATH]
                         [--metrics JSON] [--tracing JSON]

Serves an Executor by gRPC, as Jina's Executors are served, until SIGINT or
SIGTERM: then it refuses new requests, finishes those in flight, and exits with
0. A Flow uses it as an external stage (external: true, host, port). Health
checks (grpc.health.v1) are answered on a thread of their own.

  --uses       a module, with the name of a class, or the YAML of an Executor,
               or a class of Python, python:MODULE.CLASS; default: ${presetFile}
  --port       0, the default, lets the system choose
  --host       interface to bind; default: 0.0.0.0
  --uses-with  options for its constructor, a JSON object
  --uses-metas, --uses-requests
               its metas; endpoint to method: JSON objects
  --uses-dynamic-batching
               endpoint to {"size":N,"timeoutMs":N,…}, a JSON object
  --shards, --shard-id
               it is this shard, from 0, of so many: its data is in
               WORKSPACE/NAME/SHARD, and it refuses requests for another
  --flow       name of the Flow that it belongs to: it refuses requests for
               another Flow, or for another stage than NAME
  --replicas   processes that share the requests
  --max-concurrency
               handlers that may run at once in one of them
  --allow-concurrent
               batches of one endpoint may run at once, up to that number
  --queue      what may wait: {"maxRequests":N,"maxBytes":N,"maxWaitMs":N,
               "perReplica":N}
  --exit-on-exceptions
               name of an error after which the process is replaced
  --restarts   how often, within a minute, a process that has ended is replaced,
               10; with 0 this command ends with it, and with its exit code:
               for containers, which are replaced from outside
  --max-message-bytes
               larger requests are refused, 268435456
  --request-limits
               what a request may be made of: {"parameterBytes":N,
               "parameterValues":N,"parameterDepth":N,"documents":N}
  --timeout-ready
               how long it may take to start, 600000; -1: no limit
  --grace-ms   how long requests in flight may take at the end, 30000
  --python     the interpreter of an Executor in Python: a path or a name;
               default: that of VIRTUAL_ENV, of .venv, or python3
  --metrics    serves metrics for Prometheus: {"port":N,"host":HOST}
  --tracing    sends traces to a collector: {"endpoint":URL,"samplingRatio":N}

Example: millrace executor --uses ./indexer.js#Indexer --port 8080`,
  async run(args) {
    const inside = readInside(process.env)
    // must not reach a Flow that the Executor itself may start
    delete process.env[insideVariable]
    const { flow, stage } = parseExecutor(args)
    const { uses = presetUses() } = stage
    // imported on demand: other commands do not need it
    if (inside !== null || stage.restarts?.max === 0) {
      const { runLone } = await import('./lone-executor.js')
      return runLone({ flow, stage: { ...stage, uses } }, inside)
    }
    await untilInterrupted(async () => {
      const { Flow } = await import('../flow/flow.js')
      return new Flow<string>(flow).add({ ...stage, uses })
    })
    return 0
  },
}

/** Parses a command line to a Flow of one stage. @throws UsageError */
export function parseExecutor(args: readonly string[]): {
  readonly flow: FlowOptions
  readonly stage: StageOptions
} {
  const { values, positionals } = parseArguments(args, options)
  positional(positionals)
  const { name = 'executor', uses, host, workspace, quiet, flow, python, ...rest } = values
  const { 'exit-on-exceptions': names, 'allow-concurrent': allowConcurrent, ...texts } = rest
  const shards = numberOption(texts, 'shards')
  const shardId = numberOption(texts, 'shard-id')
  if ((shards === undefined) !== (shardId === undefined))
    throw new UsageError('--shards and --shard-id belong together.')
  const replicas = numberOption(texts, 'replicas')
  const restarts = numberOption(texts, 'restarts')
  if (restarts === 0 && replicas !== undefined && replicas !== 1)
    throw new UsageError('--restarts 0 ends the command with its process, so --replicas can only be 1.')
  return {
    flow: {
      name,
      // callers set their own deadlines
      timeoutMs: null,
      ...given({ host, workspace, quiet }),
      ...given({ port: numberOption(texts, 'port'), graceMs: numberOption(texts, 'grace-ms') }),
      ...given({ maxMessageBytes: numberOption(texts, 'max-message-bytes') }),
      ...given({ requestLimits: objectOption(texts, 'request-limits') }),
      ...given({ metrics: objectOption(texts, 'metrics') }),
      ...given({ tracing: objectOption(texts, 'tracing') }),
    },
    stage: {
      name,
      ...given({ uses, python, shards, shardId, flow, replicas }),
      ...(restarts !== undefined && { restarts: { max: restarts } }),
      ...given({ usesWith: objectOption(texts, 'uses-with'), usesMetas: objectOption(texts, 'uses-metas') }),
      ...given({ usesRequests: objectOption(texts, 'uses-requests') as StageOptions['usesRequests'] }),
      ...given({
        dynamicBatching: objectOption(texts, 'uses-dynamic-batching') as StageOptions['dynamicBatching'],
      }),
      ...given({ maxConcurrency: numberOption(texts, 'max-concurrency'), allowConcurrent }),
      ...given({ queue: objectOption(texts, 'queue'), exitOnExceptions: names }),
      ...given({ timeoutReadyMs: timeoutOption(texts['timeout-ready']) }),
    },
  }
}

/** @throws UsageError */
function timeoutOption(value: string | undefined): number | undefined {
  return value === '-1' ? -1 : numberOption({ 'timeout-ready': value }, 'timeout-ready')
}

/** @throws UsageError */
function presetUses(): string {
  if (existsSync(presetFile)) return presetFile
  throw new UsageError(`--uses is missing, and there is no ${presetFile} here.`)
}
