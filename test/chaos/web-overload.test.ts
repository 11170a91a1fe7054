import { Client, Document, type Flow, MillraceError } from 'millrace'
import { expect, it } from 'vitest'
import { entriesOf } from '../../src/plan/listeners.js'
import { onGround } from './stage.js'

const senders = 40
const requests = 2000

/** Outcomes of requests; errors other than refusals by code. */
interface Outcomes {
  answered: number
  refused: number
  hinted: number
  readonly others: Record<string, number>
}

it.each(['http', 'ws'] as const)(
  '40 senders over %s overload a stage: each request is answered once or refused with a time to retry, and only what is answered was executed',
  (scheme) =>
    onGround(
      {
        stage: { replicas: 2, queue: { maxRequests: 100, perReplica: 20 } },
        flow: { queue: { maxRequests: 200 }, protocol: ['grpc', 'http', 'websocket'] },
        growthMiB: 400,
      },
      async ({ flow, executions }) => {
        const host = hostOf(await flow.status(), scheme)
        const clients = Array.from({ length: senders }, () => new Client({ host }))
        const outcomes: Outcomes = { answered: 0, refused: 0, hinted: 0, others: {} }
        const answered = new Set<string>()
        const send = async (id: string, client: Client): Promise<void> => {
          try {
            const [document] = await client.post('/index', new Document({ id, text: 'a' }), {
              parameters: { ms: 20 },
            })
            expect(document).toMatchObject({ id, text: 'A' })
            answered.add(id)
            outcomes.answered++
          } catch (error) {
            const { code, retryAfterMs, notRun } = MillraceError.from(error)
            if (code !== 'RESOURCE_EXHAUSTED') outcomes.others[code] = (outcomes.others[code] ?? 0) + 1
            else outcomes.refused++
            if (retryAfterMs !== null && notRun) outcomes.hinted++
          }
        }
        await Promise.all(
          Array.from({ length: requests }, (_, index) =>
            send(`${scheme}-${index}`, clients[index % senders]!),
          ),
        )
        process.stderr.write(`chaos: overload over ${scheme}: ${JSON.stringify(outcomes)}\n`)
        expect(outcomes.others).toEqual({})
        expect(outcomes.answered + outcomes.refused).toBe(requests)
        // a WebSocket is not read while the gateway is full, and an HTTP request is refused
        expect(outcomes.refused > 0).toBe(scheme === 'http')
        expect(outcomes.hinted).toBe(outcomes.refused)
        const executed = executions()
        expect([...executed.keys()].toSorted()).toEqual([...answered].toSorted())
        expect(Math.max(...executed.values())).toBe(1)
        expect((await clients[0]!.post('/search', new Document({ text: 'a' }))).texts).toEqual(['A'])
        await Promise.all(clients.map((client) => client.close()))
      },
    ),
)

type Status = Awaited<ReturnType<Flow['status']>>

function hostOf({ listeners }: Status, wanted: string): string {
  const { host, port } = entriesOf(listeners).find(({ scheme }) => scheme === wanted)!
  return `${wanted}://${host}:${port}`
}
