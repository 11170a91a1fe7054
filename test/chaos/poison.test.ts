import { Client, Flow, MillraceError } from 'millrace'
import { expect, it } from 'vitest'

const mortal = new URL('../fixtures/poison-executors.mjs#Mortal', import.meta.url)
const poisons = ['exit', 'abort', 'reject'] as const

/** `MILLRACE_POISON_SECONDS=300` runs it for five minutes. */
const seconds = Number(process.env.MILLRACE_POISON_SECONDS ?? 15)
const senders = 12

interface Tally {
  sent: number
  answered: number
  /** Of requests that end no replica, by code. */
  readonly failed: Record<string, number>
  /** Of those that do, by code. */
  readonly poison: Record<string, number>
  /** The fewest replicas that took requests at any time that somebody looked. */
  leastReady: number
}

interface Sender {
  readonly client: Client
  readonly tally: Tally
  look(): Promise<void>
}

it(
  `one request in a hundred ends its replica: the others are answered, for ${seconds} s`,
  async () => {
    await using flow = await new Flow({
      quiet: true,
      host: '127.0.0.1',
      env: { MILLRACE_LOG_LEVEL: 'silent' },
    })
      .add({ name: 'work', uses: mortal, replicas: 5 })
      .start()
    const tally: Tally = { sent: 0, answered: 0, failed: {}, poison: {}, leastReady: 5 }
    const until = Date.now() + seconds * 1000
    const clients = Array.from(
      { length: senders },
      () => new Client({ host: `grpc://127.0.0.1:${flow.port}` }),
    )
    const look = async (): Promise<void> => {
      const [stage] = (await flow.status()).stages
      tally.leastReady = Math.min(tally.leastReady, stage!.ready)
    }
    await Promise.all(clients.map((client) => sendUntil(until, { client, tally, look })))
    await Promise.all(clients.map((client) => client.close()))
    const { stages } = await flow.status()
    const restarts = stages[0]!.pods.reduce((sum, pod) => sum + pod.restarts, 0)
    process.stderr.write(`chaos: poison: ${JSON.stringify({ ...tally, restarts })}\n`)
    expect(tally.failed).toEqual({})
    expect(Object.keys(tally.poison)).toEqual(['POISON_REQUEST'])
    expect(tally.leastReady).toBeGreaterThan(0)
    expect(stages[0]!.degraded).toBe(null)
  },
  (seconds + 60) * 1000,
)

async function sendUntil(until: number, { client, tally, look }: Sender): Promise<void> {
  while (Date.now() < until) {
    await look()
    const number = tally.sent++
    const isPoison = number % 100 === 50
    const text = isPoison ? poisons[((number - 50) / 100) % poisons.length]! : `text ${number}`
    try {
      const { texts } = await client.post('/upper', [{ text }], { parameters: { ms: 100 } })
      if (texts[0] === `TEXT ${number}`) tally.answered++
      else note(tally.failed, `answered with ${texts[0]}`)
    } catch (error) {
      note(isPoison ? tally.poison : tally.failed, MillraceError.from(error).code)
    }
  }
}

function note(counts: Record<string, number>, code: string): void {
  counts[code] = (counts[code] ?? 0) + 1
}
