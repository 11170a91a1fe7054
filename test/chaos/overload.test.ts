import { Client, Document, MillraceError } from 'millrace'
import { burst } from 'millrace/testing'
import { expect, it } from 'vitest'
import { onGround, residentMiB } from './stage.js'

it('a gateway refuses requests beyond its limits with a time to retry, and answers the others', () =>
  onGround(
    {
      stage: { replicas: 2, queue: { maxRequests: 100, perReplica: 50 } },
      flow: { queue: { maxRequests: 400 } },
      growthMiB: 400,
    },
    async ({ flow }) => {
      const text = 'x'.repeat(10_000)
      const levels: number[] = []
      for (let round = 0; round < 5; round++) {
        const report = await burst(flow, {
          endpoint: '/search',
          requests: 4000,
          parameters: { ms: 20 },
          text,
        })
        expect(report.answered + report.refused).toBe(report.sent)
        expect(Object.keys(report.errors)).toEqual(['RESOURCE_EXHAUSTED'])
        expect(report.hinted).toBe(report.refused)
        // 100 wait, and each replica has at least one
        expect(report.answered).toBeGreaterThanOrEqual(102)
        levels.push(await residentMiB())
        process.stderr.write(
          `chaos: overload: ${JSON.stringify(report)}, ${Math.round(levels.at(-1)!)} MiB\n`,
        )
      }
      // memory of the whole program, gateway and senders included: later rounds reuse the memory of the first
      expect(levels.at(-1)! - levels[1]!, 'MiB').toBeLessThan(100)
      expect((await flow.post('/search', new Document({ text: 'a' }))).texts).toEqual(['A'])
    },
  ))

const requests = 1000
const together = 250

it('a request whose caller has disconnected is not started', () =>
  onGround({ stage: { maxConcurrency: 1 } }, async ({ flow, executions }) => {
    await using client = new Client({ host: `grpc://127.0.0.1:${flow.port}` })
    const posters = [flow, client]
    // warm up, so that compilation does not count
    for (const poster of posters) {
      const warm = Array.from({ length: 300 }, (_, index) => new Document({ id: `w${index}` }))
      await poster.post('/search', warm, { requestSize: 1 })
    }
    const outcomes: Record<string, number> = {}
    let stayedMs = 0
    const leave = async (id: string, index: number): Promise<void> => {
      const leaving = new AbortController()
      const came = performance.now()
      setTimeout(() => {
        stayedMs = Math.max(stayedMs, performance.now() - came)
        leaving.abort()
      }, 10)
      const options = { parameters: { ms: 5 }, signal: leaving.signal }
      const outcome = await posters[index % 2]!.post(
        '/search',
        new Document({ id, text: 'a' }),
        options,
      ).then(
        () => 'answered',
        (error: unknown) => MillraceError.from(error).code,
      )
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
    for (let wave = 0; wave < requests / together; wave++) {
      await Promise.all(Array.from({ length: together }, (_, index) => leave(`c${wave}-${index}`, index)))
    }
    expect(Object.keys(outcomes).filter((outcome) => outcome !== 'answered')).toEqual(['CANCELLED'])
    // requests that had started have ended when this one is answered
    await flow.post('/search', new Document({ id: 'last' }))
    const executed = [...executions().keys()].filter((id) => id.startsWith('c')).length
    process.stderr.write(`chaos: ${executed} of ${requests} cancelled requests were executed\n`)
    // on a busy machine clients disconnect late, and requests that run until then still count
    const wanted = (Math.max(0, stayedMs - 10) / 5) * (requests / together)
    expect(executed).toBeLessThan(requests * 0.05 + wanted)
  }))
