import { once } from 'node:events'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadFlow as loadPlan, type LoadOptions } from '../../config/load-flow.js'
import { MillraceError } from '../../errors.js'
import { syntaxPosition } from '../../executor/syntax-position.js'
import type { Flow } from '../../flow/flow.js'
import { systemClock } from '../../lib/clock.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import { loadFlow } from '../load-flow.js'
import type { Terminal } from '../terminal.js'
import { FileWatcher } from './file-watcher.js'
import type { FromSession, StartMessage } from './messages.js'
import { Reloader } from './reloader.js'
import { type Sources, sourcesOf } from './sources.js'

export interface SessionOptions {
  /** Of the Flow. */
  readonly file: string
  readonly options: LoadOptions
  readonly terminal: Terminal
}

/**
 * Runs a Flow for `supervise`, until SIGINT, SIGTERM, or the end of its parent: loads it, starts it when told to, and replaces
 * the replicas of stages whose files change. When a file of the Flow itself changes, it tells its parent and goes on.
 * A Flow that cannot be loaded or started is one whose files are watched.
 */
export async function runSession({ file, options, terminal }: SessionOptions): Promise<void> {
  const ending = new AbortController()
  const { signal } = ending
  // these handlers stay installed, so that neither the system nor the Flow ends the process by the signal
  for (const name of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.on(name, () => ending.abort())
  const ended = once(signal, 'abort')
  const say = (text: string): void => terminal.out(`dev: ${text}\n`)
  const entry = path.resolve(file)
  let plan: FlowPlan | null = null
  let sources: Sources = sourcesOf(entry, null)
  let reloader: Reloader | null = null
  const watchSources = (): void => {
    sources = sourcesOf(entry, plan)
    watcher.watch(allOf(sources))
  }
  const reloaded = (): void => {
    try {
      watchSources()
    } catch (error) {
      say(messageOf(error))
    }
  }
  const watcher = new FileWatcher(systemClock, (files) => {
    const isOfFlow = reloader === null || files.some((one) => sources.flow.has(one))
    if (isOfFlow) tell({ kind: 'outdated', files: files.map(shown) })
    else reloader?.changed(files, sources)
  })
  try {
    watchSources()
    const loaded = await load(file, options)
    plan = loaded.plan
    watchSources()
    const { ports } = await told(signal)
    const flow = ports === null ? loaded.flow : await withPorts({ file, options }, loaded.flow, ports)
    await flow.start({ signal })
    tell({ kind: 'ready', ports: flow.ports })
    reloader = new Reloader({ flow, plan, say, explain: explainFiles, reloaded })
    say(`watching ${countOf(sources)}`)
    await ended
    await flow.close()
  } catch (error) {
    if (!signal.aborted) {
      say(`${messageOf(error)}${await explainFiles([...sources.flow])}`)
      tell({ kind: 'unloadable' })
      await ended
    }
  } finally {
    watcher.close()
  }
}

async function load(
  file: string,
  options: LoadOptions,
): Promise<{ readonly flow: Flow<string>; readonly plan: FlowPlan | null }> {
  const flow = await loadFlow(file, options)
  return { flow, plan: await planOf(flow) }
}

/**
 * A Flow of the user's copy of Millrace shows its plan as YAML. Null for one that YAML cannot express: its stages are not known,
 * so that each change restarts it.
 */
async function planOf(flow: Flow<string>): Promise<FlowPlan | null> {
  try {
    return await loadPlan(await flow.toYaml(), { onWarning: () => {} })
  } catch {
    return null
  }
}

/** The Flow on the ports that it had before, unless it names its own. */
async function withPorts(
  { file, options }: Pick<SessionOptions, 'file' | 'options'>,
  flow: Flow<string>,
  ports: readonly number[],
): Promise<Flow<string>> {
  if (flow.ports.some((port) => port !== 0) || flow.ports.length !== ports.length) return flow
  return loadFlow(file, { ...options, usesWith: { ...options.usesWith, port: ports } })
}

/** Rejects when `signal` aborts. */
async function told(signal: AbortSignal): Promise<StartMessage> {
  const answered = once(process, 'message', { signal }) as Promise<[StartMessage]>
  tell({ kind: 'loaded' })
  const [message] = await answered
  return message
}

function tell(message: FromSession): void {
  // a parent that has ended is reported by 'disconnect'
  if (process.connected) process.send!(message, undefined, {}, () => {})
}

/** Where the syntax errors of JavaScript files are, which Node does not report for imports; TypeScript's loader does. */
async function explainFiles(files: readonly string[]): Promise<string> {
  const places = await Promise.all(
    files.map((file) => syntaxPosition(pathToFileURL(file).href, new SyntaxError())),
  )
  return places.flatMap((place) => (place === undefined ? [] : [`\n${place}`])).join('')
}

function allOf({ flow, stages }: Sources): ReadonlySet<string> {
  return new Set([...flow, ...[...stages.values()].flatMap((files) => [...files])])
}

function countOf(sources: Sources): string {
  const files = allOf(sources).size
  const named = [...sources.stages.keys()].map((name) => `'${name}'`).join(', ')
  const kept =
    named === ''
      ? 'a change restarts the Flow'
      : `a change in the files of ${named} replaces only its replicas`
  return `${files} ${files === 1 ? 'file' : 'files'}; ${kept}`
}

function shown(file: string): string {
  return path.relative(process.cwd(), file)
}

function messageOf(error: unknown): string {
  return MillraceError.from(error).message
}
