import { afterEach, describe, test } from 'vitest'
import { callCases } from './calls.suite.js'
import { closingCases } from './closing.suite.js'
import type { Connected, TransportCases, TransportUnderTest } from './fixture.suite.js'
import { sizeCases } from './sizes.suite.js'
import { streamCases } from './streams.suite.js'

/** The behaviour that every kind of transport has. */
export function transportSuite(kind: string, { connect, unsupported = {} }: TransportUnderTest): void {
  const opened: Connected[] = []
  const open = async (...args: Parameters<typeof connect>): Promise<Connected> => {
    const connected = await connect(...args)
    opened.push(connected)
    return connected
  }
  const it = (name: string, body: () => Promise<void>): void => {
    const reason = unsupported[name]
    if (reason === undefined) test(name, body)
    else test.skip(`${name} (${reason})`, body)
  }

  describe(`a channel over ${kind}`, () => {
    afterEach(async () => {
      for (const { listener, channel } of opened.splice(0)) {
        await Promise.all([channel.close(), listener.close({ graceMs: 0 })])
      }
    })

    const cases: TransportCases = { open, it }
    callCases(cases)
    streamCases(cases)
    closingCases(cases)
    sizeCases(cases)
  })
}
