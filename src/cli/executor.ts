import { existsSync } from 'node:fs'
import type { StageOptions } from '../plan/stage-settings.js'
import { parseArguments, positional } from './arguments.js'
import type { Command } from './command.js'
import { numberOption, objectOption } from './option-values.js'
import { untilInterrupted } from './until-interrupted.js'
import { UsageError } from './usage-error.js'

/** What there is when nobody says what to run: in an image made for one Executor. */
const presetFile = 'config.yml'

export const executor: Command = {
  summary: 'Runs one Executor as a server of its own',
  help: `Usage: millrace executor [--uses FILE[#CLASS]] [--port N] [--host HOST]
                         [--name NAME] [--uses-with JSON] [--workspace FOLDER]
                         [--shards N --shard-id I] [--replicas N] [--grace-ms N]

Serves an Executor by gRPC, as Jina's Executors are served, until SIGINT or
SIGTERM: then it refuses new requests, finishes those under way, and ends with
0. A Flow has it as an external stage (external: true, host, port). Its health
(grpc.health.v1) is told by another thread than the one that it computes on.

  --uses       a module, with the name of a class, or the YAML of an Executor;
               ${presetFile} unless said otherwise
  --port       0, the default, lets the system choose
  --host       interface to bind, 0.0.0.0 unless said otherwise
  --uses-with  options for its constructor, a JSON object
  --shards, --shard-id
               it is this shard, from 0, of so many: its data is in
               WORKSPACE/NAME/SHARD
  --replicas   processes that share the requests
  --grace-ms   how long requests under way may take at the end, 30000

Example: millrace executor --uses ./indexer.js#Indexer --port 8080`,
  async run(args) {
    const { values, positionals } = parseArguments(args, {
      uses: { type: 'string' },
      'uses-with': { type: 'string' },
      name: { type: 'string' },
      host: { type: 'string' },
      port: { type: 'string' },
      workspace: { type: 'string' },
      shards: { type: 'string' },
      'shard-id': { type: 'string' },
      replicas: { type: 'string' },
      'grace-ms': { type: 'string' },
      quiet: { type: 'boolean' },
    })
    positional(positionals)
    const { name = 'executor', host, workspace, quiet } = values
    const uses = values.uses ?? presetUses()
    const shards = numberOption(values, 'shards')
    const shardId = numberOption(values, 'shard-id')
    if ((shards === undefined) !== (shardId === undefined))
      throw new UsageError('--shards and --shard-id belong together.')
    const stage: StageOptions = {
      name,
      uses,
      ...given({ shards, shardId, replicas: numberOption(values, 'replicas') }),
      ...given({ usesWith: objectOption(values, 'uses-with') }),
    }
    // other commands do without
    const { Flow } = await import('../flow/flow.js')
    const flow = new Flow({
      name,
      // whoever calls has a deadline of his own
      timeoutMs: null,
      ...given({ host, workspace, quiet }),
      ...given({ port: numberOption(values, 'port'), graceMs: numberOption(values, 'grace-ms') }),
    })
    await untilInterrupted(flow.add(stage))
  },
}

/** @throws UsageError */
function presetUses(): string {
  if (existsSync(presetFile)) return presetFile
  throw new UsageError(`--uses is missing, and there is no ${presetFile} here.`)
}

/** Without what nobody said. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
