import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client, MillraceError } from 'millrace'
import { expect, it } from 'vitest'

const program = path.resolve(import.meta.dirname, '../fixtures/ledger-flow.mjs')

/** `MILLRACE_LEDGER_ROUNDS=40` runs it for about five minutes. */
const rounds = Number(process.env.MILLRACE_LEDGER_ROUNDS ?? 3)
const senders = 8

interface Program {
  readonly child: ChildProcess
  readonly port: number
  readonly pods: readonly number[]
}

async function start(port: number, folder: string): Promise<Program> {
  const child = spawn(process.execPath, [program, String(port), folder], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const [told] = (await once(child, 'message')) as [Pick<Program, 'port' | 'pods'>]
  return { child, ...told }
}

/** A pod that hung may have been replaced. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // it is gone
  }
}

it(`no write runs twice, and none that was acknowledged is lost, in ${rounds} rounds of kills`, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ledger-'))
  const ledger = new Map<string, string>()
  let isOver = false
  let running = await start(0, folder)
  const { port } = running
  /** Writes without a pause; resolves a waiting round after some of them. */
  let answered = 0
  let onAnswers: { readonly at: number; readonly resolve: () => void } | undefined
  const answers = (count: number): Promise<void> =>
    new Promise((resolve) => {
      onAnswers = { at: answered + count, resolve }
    })
  const send = async (sender: number): Promise<void> => {
    await using client = new Client({ host: `grpc://127.0.0.1:${port}` })
    for (let number = 0; !isOver; number++) {
      const id = `${sender}-${number}`
      const outcome = await client
        .post('/index', [{ id, text: id }], { parameters: { ms: 10 }, maxAttempts: 20, timeoutMs: 60_000 })
        .then(
          () => 'acknowledged',
          (error: unknown) => MillraceError.from(error).code,
        )
      ledger.set(id, outcome)
      if (outcome === 'acknowledged') answered++
      if (onAnswers !== undefined && answered >= onAnswers.at) onAnswers.resolve()
    }
  }
  const sending = Promise.all(Array.from({ length: senders }, (_, sender) => send(sender)))
  try {
    for (let round = 0; round < rounds; round++) {
      await answers(100)
      signal(running.pods[0]!, 'SIGKILL')
      await answers(20)
      signal(running.pods[1]!, 'SIGSTOP')
      await answers(20)
      signal(running.pods[1]!, 'SIGCONT')
      await answers(20)
      running.child.kill('SIGKILL')
      await once(running.child, 'exit')
      running = await start(port, folder)
    }
    await answers(20)
  } finally {
    isOver = true
    await sending
    running.child.kill('SIGTERM')
    await once(running.child, 'exit')
  }
  const runs = readdirSync(folder).flatMap((name) =>
    readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean),
  )
  rmSync(folder, { recursive: true })
  const counts = new Map<string, number>()
  for (const id of runs) counts.set(id, (counts.get(id) ?? 0) + 1)
  const outcomes: Record<string, number> = {}
  for (const outcome of ledger.values()) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  process.stderr.write(
    `chaos: ledger of writes: ${JSON.stringify({ rounds, ran: counts.size, ...outcomes })}\n`,
  )
  expect([...counts].filter(([, count]) => count > 1)).toEqual([])
  expect([...ledger].filter(([id, how]) => how === 'acknowledged' && !counts.has(id))).toEqual([])
  expect(
    Object.keys(outcomes).filter((code) => code !== 'acknowledged' && code !== 'OUTCOME_UNKNOWN'),
  ).toEqual([])
}, 600_000)
