// Attacks a gateway, and prints the memory of the Flow’s program and the latency of another client meanwhile.
// `node --import tsx test/limits/attack.ts [name …]`; MILLRACE=/path/dist/index.js for another build. Loopback only.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { attacks as grpcAttacks } from './attacks.js'
import { httpAttacks } from './http-attacks.js'
import { opened, outcomes, pause, start, type Target } from './peer.js'
import type { Probed } from './probe.js'

const attacks = { ...grpcAttacks, ...httpAttacks }

function rss(pid: number): number {
  const [, kb] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kb) / 1024)
}

/** Starts the other client; the function returned ends it and gives what it saw. */
function probe({ port }: Target): () => Promise<Probed> {
  const program = fileURLToPath(new URL('./probe.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', program, String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  return async () => {
    child.stdin.end()
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    await once(child, 'close')
    clearTimeout(timer)
    const text = Buffer.concat(output).toString()
    if (text === '')
      return { latencies: [Number.POSITIVE_INFINITY], ownDelay: 0, failures: [['no answer', 1]] }
    return JSON.parse(text) as Probed
  }
}

function told({ latencies, ownDelay, failures }: Probed): string {
  const at = (share: number): string =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]!.toFixed(1)
  const failed = failures.length === 0 ? 'no failure' : JSON.stringify(failures)
  return `other client p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)} ms (its own delay at most ${ownDelay.toFixed(1)}), ${failed}`
}

async function measure(name: string): Promise<void> {
  const { flow = {}, external, seconds, run } = attacks[name]!
  const server = external === true ? await start({}) : undefined
  const target = await start({ graceMs: 2000, ...flow }, server)
  const pid = target.child.pid!
  const before = rss(pid)
  let peak = before
  const timer = setInterval(() => (peak = Math.max(peak, rss(pid))), 50)
  const probed = probe(target)
  await pause(1500)
  outcomes.clear()
  await Promise.race([run(target), pause(seconds * 1000)])
  await pause(seconds * 1000)
  const after = rss(pid)
  const other = told(await probed())
  clearInterval(timer)
  const closing = once(target.child.stdout!, 'data') as Promise<[Buffer]>
  target.child.stdin!.end()
  const closed = await Promise.race([closing.then(([text]) => String(text).trim()), pause(15_000)])
  console.log(
    `${name}: RSS ${before} MB, at most ${peak}, at the end ${after}; ${other}; ${closed ?? 'NOT CLOSED after 15 s'}`,
  )
  for (const [outcome, count] of outcomes) console.log(`    ${count} × ${outcome}`)
  target.child.kill('SIGKILL')
  server?.child.kill('SIGKILL')
  for (const close of opened.splice(0)) close()
}

const names = process.argv.slice(2)
for (const name of Object.keys(attacks))
  if (names.length === 0 || names.some((one) => name.startsWith(one))) await measure(name)
process.exit(0)
