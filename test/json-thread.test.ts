import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type DocumentArray, Executor, Flow } from 'millrace'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scope } from '../src/call/scope.js'
import { placeOf } from '../src/document/json-place.js'
import { MillraceError } from '../src/errors.js'
import { JsonThread } from '../src/gateway/protocols/http/json/json-thread.js'
import { systemClock } from '../src/lib/clock.js'
import { DataRequest } from '../src/wire/data-request.js'
import type { Reading } from '../src/wire/json/convert.js'

const entry = new URL('../dist/gateway/protocols/http/json/thread.js', import.meta.url)

function reading(text: string): Reading {
  return { kind: 'read', body: Buffer.from(text), endpoint: '/a', requestId: 'r', query: null }
}

function scope(sender = { patient: false }): Scope {
  return new Scope(Infinity, {}, sender)
}

const small = reading('{"data":[{"text":"a"}]}')
/** Takes seconds to convert. */
const long = (): Reading => reading(`{"data":[${'{"tags":{"a":1}},'.repeat(200_000)}{}]}`)

describe('the thread for JSON', () => {
  let thread: JsonThread
  beforeEach(() => {
    expect(existsSync(fileURLToPath(entry))).toBe(true)
    thread = new JsonThread({ entry, name: 'test', clock: systemClock })
  })
  afterEach(() => thread.close())

  const textOf = async (conversion: Promise<Uint8Array>): Promise<string | undefined> =>
    DataRequest.decode(await conversion).docs.at(0)?.text

  it('converts requests and answers', async () => {
    const request = await thread.convert(reading('{"data":[{"id":"1","text":"ä"}]}'), scope())
    expect(DataRequest.decode(request)).toMatchObject({ endpoint: '/a', requestId: 'r' })
    const text = await thread.convert({ kind: 'write', answer: request }, scope())
    expect(JSON.parse(Buffer.from(text).toString())).toMatchObject({ data: [{ id: '1', text: 'ä' }] })
  })

  it('says where JSON is wrong', async () => {
    const error = await thread.convert(reading('{"data":[{},{"text":5}]}'), scope()).catch(MillraceError.from)
    expect(error).toMatchObject({ code: 'INVALID_INPUT' })
    expect(placeOf(error as MillraceError)?.place).toEqual(['data', 1, 'text'])
  })

  it('that cannot start fails what it was asked for, and the next conversion too', async () => {
    const broken = new JsonThread({
      entry: new URL('./no-such-file.js', import.meta.url),
      name: 'test',
      clock: systemClock,
    })
    for (const conversion of [broken.convert(small, scope()), broken.convert(small, scope())])
      await expect(conversion).rejects.toMatchObject({ code: 'INTERNAL' })
    broken.close()
  })

  it('gives up what its caller no longer wants, whether it waits or runs', async () => {
    const [running, waiting] = [scope(), scope()]
    const given = [thread.convert(long(), running), thread.convert(small, waiting)]
    const next = thread.convert(small, scope())
    const reason = new MillraceError('CANCELLED', 'The client went away.')
    waiting.abort(reason)
    running.abort(reason)
    for (const conversion of given) await expect(conversion).rejects.toBe(reason)
    expect(await textOf(next)).toBe('a')
  })

  it('is fair between senders', async () => {
    const [greedy, modest] = [{ patient: false }, { patient: false }]
    const order: string[] = []
    const convert = async (name: string, sender: { readonly patient: boolean }): Promise<void> => {
      await thread.convert(reading(`{"data":[{"text":"${name}"}]}`), scope(sender))
      order.push(name)
    }
    await Promise.all([
      ...['g1', 'g2', 'g3', 'g4'].map((name) => convert(name, greedy)),
      convert('modest', modest),
    ])
    expect(order).toEqual(['g1', 'modest', 'g2', 'g3', 'g4'])
  })

  it('rejects what it has not converted when it is closed', async () => {
    const conversions = [thread.convert(small, scope()), thread.convert(small, scope())]
    thread.close()
    conversions.push(thread.convert(small, scope()))
    for (const conversion of conversions)
      await expect(conversion).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})

class Echo extends Executor {
  static override requests = { '/echo': 'echo' }

  echo(docs: DocumentArray): void {
    for (const doc of docs) doc.text = doc.text.toUpperCase()
  }
}

it('a Flow answers large JSON as it answers small', async () => {
  await using flow = await new Flow({ quiet: true, host: '127.0.0.1', protocol: 'http' })
    .add({ uses: Echo, runtime: 'inline' })
    .start()
  const answered = async (data: readonly object[]): Promise<string[]> => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ data })
    const response = await fetch(`http://127.0.0.1:${flow.port}/echo`, { method: 'POST', headers, body })
    const answer = (await response.json()) as { readonly data: readonly { readonly text: string }[] }
    return answer.data.map(({ text }) => text)
  }
  expect(await answered([{ text: 'a' }])).toEqual(['A'])
  const texts = Array.from({ length: 20_000 }, (_, index) => `text ${index}`)
  expect(await answered(texts.map((text) => ({ text })))).toEqual(texts.map((text) => text.toUpperCase()))
})
