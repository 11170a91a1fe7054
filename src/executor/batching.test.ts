import { describe, expect, test } from 'vitest'
import { endpointsOf } from './endpoints.js'
import { Executor } from './executor.js'
import {
  jinaBatching,
  mergeBatching,
  parseBatching,
  parseDynamicBatching,
  resolveBatching,
} from './batching.js'
import { requests } from './requests.js'

const failing = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) }) as Error

class Encoder extends Executor {
  static override requests = {
    '/encode': { method: 'encode', batch: { size: 8, timeoutMs: 5 } },
    '/plain': 'plain',
    '/index': 'plain',
    '/each': 'each',
  }
  encode() {}
  plain() {}
  *each() {}
}

describe('options', () => {
  test("have Jina's defaults, and no batch waits while nothing runs", () => {
    expect(resolveBatching({})).toEqual({ size: 4, timeoutMs: 10_000, idle: 'flush', onError: 'fail' })
    expect(resolveBatching(undefined)).toBeNull()
    expect(resolveBatching(false)).toBeNull()
  })

  test("may have Jina's names", () => {
    const given = { preferred_batch_size: 10, timeout: 200, flush_all: false, use_custom_metric: false }
    expect(parseBatching(given, 'x')).toEqual({ size: 10, timeoutMs: 200 })
    expect(parseBatching({ preferred_batch_size: 10, use_dynamic_batching: false }, 'x')).toBe(false)
    expect(parseBatching(null, 'x')).toBe(false)
    expect(jinaBatching({ '/x': { size: 10, timeoutMs: 200, idle: 'wait' }, '/y': false })).toEqual({
      '/x': { preferred_batch_size: 10, timeout: 200 },
      '/y': { use_dynamic_batching: false },
    })
  })

  test.each([
    [{ size: 0 }, 'INVALID_OPTION', 'x: size must be a whole number from 1 to 100000, not 0.'],
    [{ size: 2.5 }, 'INVALID_OPTION', 'size must be a whole number'],
    [{ timeoutMs: -1 }, 'INVALID_OPTION', 'timeoutMs must be a whole number from 0 to 3600000, not -1.'],
    [{ idle: 'flash' }, 'INVALID_OPTION', "idle must be 'flush' or 'wait', not 'flash'."],
    [{ onError: 'halve' }, 'INVALID_OPTION', "onError must be 'fail' or 'isolate'"],
    [{ weight: 'tokens' }, 'INVALID_OPTION', 'weight must be a function of a Document'],
    [{ adaptive: true }, 'INVALID_OPTION', 'adaptive must be { targetMs } with a whole number from 1 to'],
    [{ adaptive: { targetMs: 0 } }, 'INVALID_OPTION', 'or false, not {"targetMs":0}.'],
    [{ adaptive: { targetMs: 5, p99: 3 } }, 'INVALID_OPTION', 'adaptive must be { targetMs }'],
    [{ adaptiv: { targetMs: 5 } }, 'UNKNOWN_OPTION', "did you mean 'adaptive'?"],
    [{ sise: 3 }, 'UNKNOWN_OPTION', "there is no option 'sise'; did you mean 'size'?"],
    [{ prefered_batch_size: 3 }, 'UNKNOWN_OPTION', "did you mean 'preferred_batch_size'?"],
    [{ flush_all: true }, 'UNSUPPORTED', 'flush_all is not supported: a batch never has more documents'],
    [{ use_dynamic_batching: 1 }, 'INVALID_OPTION', 'must be true or false'],
    [5, 'INVALID_OPTION', 'expected { size, timeoutMs, idle, onError, weight, adaptive } or false'],
  ])('%j is refused', (given, code, message) => {
    expect(() => parseBatching(given, 'x')).toThrow(failing(code, message))
  })

  test('with adaptive have a larger most, which may be set too', () => {
    const adaptive = { targetMs: 50 }
    expect(resolveBatching(parseBatching({ adaptive: { target_ms: 50 } }, 'x'))).toMatchObject({
      ...{ size: 1024, idle: 'flush', adaptive },
    })
    expect(resolveBatching({ adaptive, size: 16 })).toMatchObject({ size: 16, adaptive })
    expect(resolveBatching({ adaptive: false })).toMatchObject({ size: 4 })
  })

  test('of a stage have no weight, which is a function', () => {
    expect(() => parseDynamicBatching({ '/x': { weight: () => 1 } }, 'stage')).toThrow(
      failing('INVALID_OPTION', "stage['/x']: weight is a function, which a stage cannot have"),
    )
  })

  test('of two places are merged one by one', () => {
    const merged = mergeBatching(
      { '/x': { size: 8, timeoutMs: 5 }, '/y': { size: 2 } },
      { '/x': { size: 16 }, '/y': false },
    )
    expect(merged).toEqual({ '/x': { size: 16, timeoutMs: 5 }, '/y': false })
  })
})

describe('endpoints', () => {
  const batchingOf = (dynamicBatching = {}, usesRequests = {}, path = '/encode') =>
    endpointsOf(Encoder, usesRequests, dynamicBatching).get(path)?.batching

  test('have the batching of their class, with the options of the stage over it', () => {
    expect(batchingOf()).toMatchObject({ size: 8, timeoutMs: 5 })
    expect(batchingOf({ '/encode': { size: 16 } })).toMatchObject({ size: 16, timeoutMs: 5 })
    expect(batchingOf({ encode: { size: 16 }, '/encode': { timeoutMs: 7 } })).toMatchObject({
      size: 16,
      timeoutMs: 7,
    })
    expect(batchingOf({ '/encode': false })).toBeNull()
    expect(batchingOf({}, {}, '/plain')).toBeNull()
    expect(batchingOf({ '/plain': {} }, {}, '/plain')).toMatchObject({ size: 4 })
  })

  test('that usesRequests gives to a method get its batching', () => {
    expect(batchingOf({}, { '/new': 'encode' }, '/new')).toMatchObject({ size: 8 })
  })

  test.each([
    [{ '/encod': { size: 2 } }, "dynamicBatching: Encoder has no endpoint '/encod'; did you mean '/encode'?"],
    [{ '/nothing': { size: 2 } }, 'its endpoints are: /encode, /plain, /index, /each'],
    [{ '/each': { size: 2 } }, "Encoder '/each': each is a generator"],
    [
      { '/index': { onError: 'isolate' } },
      "onError 'isolate' runs documents again, and a write must not run twice",
    ],
    [
      { '/encode': { adaptive: { targetMs: 50 }, idle: 'wait' } },
      "adaptive needs idle 'flush', not 'wait': while it grows the size",
    ],
  ])('refuse %j', (batching, message) => {
    expect(() => batchingOf(batching)).toThrow(failing('INVALID_OPTION', message))
  })

  test('without a name of their own have no batching', () => {
    class Everything extends Executor {
      @requests({ batch: { size: 2 } })
      all() {}
    }
    expect(() => endpointsOf(Everything)).toThrow(
      failing('INVALID_OPTION', "'/default' serves requests for different"),
    )
  })

  test('take batching from the decorator', () => {
    class Decorated extends Executor {
      @requests({ on: ['/x', '/y'], batch: { size: 2 } })
      all() {}
    }
    expect(endpointsOf(Decorated).get('/y')?.batching).toMatchObject({ size: 2 })
  })
})
