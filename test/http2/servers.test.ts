import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Scope } from '../../src/call/scope.js'
import { MillraceError } from '../../src/errors.js'
import { type GrpcCallOptions, GrpcConnection } from '../../src/grpc/client/connection.js'
import { methods } from '../../src/grpc/methods.js'
import { GrpcFailure } from '../../src/grpc/status.js'
import { languages, LanguageServer } from './callers/languages.js'

const unlimited: GrpcCallOptions = { deadline: Number.POSITIVE_INFINITY, headers: {} }
const ended = new MillraceError('CANCELLED', 'the test has ended')

function connectionTo({ port }: LanguageServer): GrpcConnection {
  return new GrpcConnection({ host: '127.0.0.1', port, tls: false, maxMessageBytes: 2 ** 28 })
}

describe.each(languages)('a server of $name, which takes 8 calls at once', (language) => {
  let server: LanguageServer
  let connection: GrpcConnection

  beforeAll(async () => {
    await language.prepare()
    server = await LanguageServer.start(language)
    connection = connectionTo(server)
  }, 120_000)

  afterAll(() => {
    connection.close(ended)
    server.kill()
  })

  /** Tries again when the server refuses the call: for a moment it counts a call that it has answered. */
  const echo = async (message: Buffer): Promise<Buffer> => {
    for (;;) {
      try {
        return Buffer.from(await connection.unary(methods.processSingleData, message, unlimited))
      } catch (error) {
        if ((error as GrpcFailure).status.notRun !== true) throw error
      }
    }
  }

  test('answers many calls at once', async () => {
    const texts = Array.from({ length: 2000 }, (_, number) => `call ${number}`)
    const answers = await Promise.all(texts.map((text) => echo(Buffer.from(text))))
    expect(answers.map(String)).toEqual(texts)
  })

  test('answers an empty message, and one of 100 MB', async () => {
    for (const message of [Buffer.alloc(0), Buffer.alloc(100_000_000, 'abcdefg')])
      expect((await echo(message)).equals(message)).toBe(true)
  })

  test('answers each of hundreds of messages of 1 MB', async () => {
    const message = Buffer.alloc(1_000_000, 'x')
    let left = 400
    const caller = async (): Promise<void> => {
      while (left-- > 0) expect((await echo(message)).length).toBe(message.length)
    }
    await Promise.all(Array.from({ length: 8 }, caller))
  })

  test('answers a stream in order', async () => {
    const answers: string[] = []
    const texts = Array.from({ length: 3000 }, (_, number) => String(number))
    await new Promise<void>((resolve, reject) => {
      const stream = connection.duplex(methods.call, unlimited, {
        onMessage: (message) => void answers.push(Buffer.from(message).toString()),
        onEnd: (status) => (status.code === 0 ? resolve() : reject(new GrpcFailure(status))),
      })
      for (const text of texts) stream.write(Buffer.from(text))
      stream.end()
    })
    expect(answers).toEqual(texts)
  })

  test('reads compressed messages, and answers in order', async () => {
    const peer = { host: '127.0.0.1', port: server.port, tls: false, maxMessageBytes: 2 ** 28 }
    const compressing = new GrpcConnection({ ...peer, compression: 'gzip' })
    const texts = Array.from({ length: 100 }, (_, number) =>
      `${number} `.repeat(number % 4 === 0 ? 50_000 : number),
    )
    const answers: string[] = []
    await new Promise<void>((resolve, reject) => {
      const stream = compressing.duplex(methods.call, unlimited, {
        onMessage: (message) => void answers.push(Buffer.from(message).toString()),
        onEnd: (status) => (status.code === 0 ? resolve() : reject(new GrpcFailure(status))),
      })
      for (const text of texts) stream.write(Buffer.from(text))
      stream.end()
    })
    compressing.close(ended)
    expect(answers).toEqual(texts)
  })

  test('sends a stream no faster than it is taken', async () => {
    let taken = 0
    await connection.serverStream(methods.streamDoc, Buffer.alloc(100_000), {
      deadline: Number.POSITIVE_INFINITY,
      headers: { 'x-repeat': '300' },
      async take() {
        taken++
        await new Promise((resolve) => setImmediate(resolve))
      },
    })
    expect(taken).toBe(300)
  })

  test('says why it fails', async () => {
    const headers = { 'x-code': '9' }
    await expect(
      connection.unary(methods.processSingleData, Buffer.alloc(10), { ...unlimited, headers }),
    ).rejects.toMatchObject({ status: { code: 9, details: 'größer – 100 %' } })
  })

  test('hears that a call was cancelled, or is too late', async () => {
    const headers = { 'x-wait': 'yes' }
    const deadline = Date.now() + 300
    await expect(
      connection.unary(methods.processSingleData, Buffer.alloc(10), { deadline, headers }),
    ).rejects.toMatchObject({ status: { code: 4 } })
    await expect.poll(() => server.printed).toEqual(['waits', 'left'])
    const call = new Scope(Number.POSITIVE_INFINITY, {})
    const waiting = connection.unary(methods.processSingleData, Buffer.alloc(10), {
      ...unlimited,
      headers,
      call,
    })
    await expect.poll(() => server.printed.length).toBe(3)
    call.abort(ended)
    await expect(waiting).rejects.toBe(ended)
    await expect.poll(() => server.printed).toEqual(['waits', 'left', 'waits', 'left'])
  })

  test('leaves under load: it has answered each call, or did not run it', async () => {
    const leaving = await LanguageServer.start(language)
    const calls = connectionTo(leaving)
    let answered = 0
    const lost: unknown[] = []
    const caller = async (): Promise<void> => {
      for (;;) {
        try {
          await calls.unary(methods.processSingleData, Buffer.alloc(100), unlimited)
          if (++answered === 1000) leaving.stop()
        } catch (error) {
          const { status, message } = error as GrpcFailure
          // grpcio itself ends calls that have not reached their handler
          if (status.here === true && status.notRun !== true) lost.push(error)
          if (message.includes('cannot connect')) return
        }
      }
    }
    await Promise.all(Array.from({ length: 32 }, caller))
    calls.close(ended)
    leaving.kill()
    expect(answered).toBeGreaterThanOrEqual(1000)
    expect(lost).toEqual([])
  })
})
