import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { MillraceError } from '../errors.js'
import { errorFromStatus, statusFromError } from './error-status.js'

describe('statusFromError', () => {
  test('an Error is sent with name, message, stack and the executor', () => {
    const status = statusFromError(new TypeError('no such field'), 'MyExec')
    expect(status).toMatchObject({
      code: 'ERROR',
      description: 'TypeError: no such field',
      exception: { name: 'TypeError', args: ['no such field'], executor: 'MyExec' },
    })
    expect(status.exception?.stacks[0]).toBe('TypeError: no such field\n')
    expect(status.exception?.stacks[1]).toMatch(/^ {4}at .*\n$/)
  })

  test('causes follow in the stack, and a cause that is itself ends it', () => {
    const error = new Error('outer', { cause: new RangeError('inner') })
    expect(statusFromError(error, 'E').exception?.stacks).toContain('Caused by: RangeError: inner\n')
    const loop = new Error('loop')
    loop.cause = loop
    expect(statusFromError(loop, 'E').exception?.stacks.filter((line) => line.includes('loop'))).toHaveLength(
      1,
    )
  })

  test('an overlong stack is cut', () => {
    const error = new Error('x')
    error.stack = 'line\n'.repeat(10_000)
    expect(statusFromError(error, 'E').exception?.stacks).toHaveLength(200)
    error.stack = 'x'.repeat(10_000_000)
    expect(statusFromError(error, 'E').exception?.stacks.join('').length).toBeLessThan(20_000)
  })

  test.each([
    ['no', 'Error: expected an Error to be thrown, got no'],
    [null, 'Error: expected an Error to be thrown, got null'],
    [{ a: 1 }, 'Error: expected an Error to be thrown, got {"a":1}'],
    [Symbol('s'), 'Error: expected an Error to be thrown, got Symbol(s)'],
  ])('%s that was thrown is described', (thrown, description) => {
    expect(statusFromError(thrown, 'E').description).toBe(description)
  })

  test('an Error of another realm counts as one', () => {
    expect(statusFromError(runInNewContext('new RangeError("far")'), 'E').description).toBe('RangeError: far')
  })

  test('what cannot be read does not throw', () => {
    const hostile = new Proxy(new Error('x'), {
      get() {
        throw new Error('trap')
      },
    })
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    for (const thrown of [hostile, circular, proxy]) expect(statusFromError(thrown, 'E').code).toBe('ERROR')
  })
})

describe('errorFromStatus', () => {
  test('the error has the message of the executor, where it happened, and the remote stack as its cause', () => {
    const error = errorFromStatus(statusFromError(new TypeError('no such field'), 'MyExec'), {
      deployment: 'encoder',
      endpoint: '/index',
    })
    expect(error).toMatchObject({
      code: 'EXECUTOR_FAILED',
      retryable: false,
      message: 'The executor of encoder failed at /index: TypeError: no such field',
      where: { deployment: 'encoder', endpoint: '/index' },
      cause: { name: 'TypeError', message: 'no such field' },
    })
    expect((error.cause as Error).stack).toMatch(/^TypeError: no such field\n {4}at /)
  })

  test('a wrong result keeps its code; an error of another request inside the handler does not', () => {
    const wrong = statusFromError(new MillraceError('INVALID_RESULT', 'expected a DocumentArray'), 'E')
    expect(errorFromStatus(wrong).code).toBe('INVALID_RESULT')
    const inner = statusFromError(new MillraceError('UNAVAILABLE', 'nobody there'), 'E')
    expect(errorFromStatus(inner)).toMatchObject({ code: 'EXECUTOR_FAILED', retryable: false })
  })

  test('an empty status gives a complete sentence', () => {
    expect(errorFromStatus({ code: 'ERROR', description: '' }).message).toBe(
      'An executor failed: an error without a description',
    )
  })
})
