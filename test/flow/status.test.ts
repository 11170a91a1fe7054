import { Document, Flow } from 'millrace'
import { expect, test } from 'vitest'

const module = new URL('../fixtures/access-logged.mjs', import.meta.url)
const document = (): Document => new Document({ text: 'a' })

test.each(['process', 'thread'] as const)(
  'the status of a %s stage counts what became of its requests',
  async (runtime) => {
    await using flow = await new Flow({ quiet: true, host: '127.0.0.1' })
      .add({ name: 'exec', uses: module, runtime, replicas: 2, balance: 'round-robin' })
      .start()
    for (let sent = 0; sent < 4; sent++) await flow.post('/upper', [document()])
    const [stage] = (await flow.status()).stages
    expect(stage).toMatchObject({ retries: 0, hedges: 0, refused: 0 })
    expect(stage!.pods.map(({ answered, failed }) => [answered, failed])).toEqual([
      [2, 0],
      [2, 0],
    ])
    // one replica ends itself, the other one answers the request
    while ((await flow.status()).stages[0]!.retries === 0) await flow.post('/die', [document()])
    const [after] = (await flow.status()).stages
    expect(after).toMatchObject({ retries: 1 })
  },
)
