import { Flow } from 'millrace'
import { expect, it } from 'vitest'
import { runAutobahn, type Verdict } from './autobahn.js'
import { startEchoGateway } from './echo-gateway.js'

/** Framing, pings, reserved bits, opcodes, fragments, UTF-8, closing; and what does not belong to a group. */
const groups = ['1.*', '2.*', '3.*', '4.*', '5.*', '6.*', '7.*', '10.*']

/** Of the group of large messages those that take little time, or all: up to 16 MiB, and up to 65,536 fragments. */
const large =
  process.env['MILLRACE_FUZZ'] === undefined
    ? ['9.1.3', '9.2.3', '9.3.2', '9.3.5', '9.4.2', '9.4.5', '9.5.6', '9.6.6', '9.7.1', '9.8.1']
    : ['9.*']

/** Texts that are not UTF-8 are refused when the message is complete, not at the first wrong byte. */
const lateRefusals = ['6.4.1', '6.4.2', '6.4.3', '6.4.4']

/** 4 MiB in fragments of 64 and 256 bytes: a message has at most 16,384 fragments. */
const tooManyFragments = ['9.3.1', '9.3.2', '9.4.1', '9.4.2']

/** Cases of the groups above. */
const caseCount = 247

/** Autobahn only notes what the server does. */
const onlyNoted = ['7.1.6', '7.13.1', '7.13.2']

/** The cases that end otherwise than with OK, and how. */
function exceptions(verdicts: Readonly<Record<string, Verdict>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(verdicts)
      .filter(([, { behavior, behaviorClose }]) => behavior !== 'OK' || behaviorClose !== 'OK')
      .map(([name, { behavior, behaviorClose, remoteCloseCode }]) => [
        name,
        `${behavior}, ${behaviorClose}, ${remoteCloseCode}`,
      ]),
  )
}

const all = (names: readonly string[], verdict: string): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, verdict]))

it('Autobahn finds no failure in the WebSockets of a gateway but the documented limits', async () => {
  const gateway = await startEchoGateway()
  try {
    const verdicts = await runAutobahn(gateway.port, [...groups, ...large])
    expect(Object.keys(verdicts).length).toBeGreaterThanOrEqual(caseCount + large.length)
    const { '7.1.6': closedByData, '7.13.1': reserved, '7.13.2': unknown, ...others } = exceptions(verdicts)
    expect([closedByData, reserved, unknown].map((noted) => noted?.split(',')[0])).toEqual(
      onlyNoted.map(() => 'INFORMATIONAL'),
    )
    expect(others).toEqual({
      ...all(lateRefusals, 'NON-STRICT, OK, 1007'),
      ...all(
        tooManyFragments.filter((name) => name in verdicts),
        'FAILED, FAILED, 1008',
      ),
    })
    await expect.poll(() => gateway.budget.used).toBe(0)
  } finally {
    await gateway.close()
  }
})

/**
 * Cases that expect no echo, so that a Flow can pass them: pings, frames with reserved bits and opcodes, wrong fragments,
 * invalid UTF-8, close frames of every kind.
 */
const withoutEcho = [
  ...['2.*', '3.1', '3.5', '3.6', '3.7', '4.1.1', '4.1.2', '4.2.1', '4.2.2'],
  ...['5.1', '5.2', '5.9', '5.10', '5.11', '5.12', '5.13', '5.14', '5.16', '5.17', '5.18', '6.3.*'],
  ...['7.1.3', '7.1.4', '7.3.*', '7.5.1', '7.7.*', '7.9.*'],
]

it('Autobahn finds no failure in a Flow, in the cases that expect no echo', async () => {
  await using flow = new Flow({ quiet: true, host: '127.0.0.1', protocol: 'websocket' }).add({
    name: 'first',
  })
  await flow.start()
  const verdicts = await runAutobahn(flow.port, withoutEcho)
  expect(exceptions(verdicts)).toEqual({})
})
