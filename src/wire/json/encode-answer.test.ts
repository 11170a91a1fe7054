import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { DataRequest } from '../data-request.js'
import { answerText } from './encode-answer.js'

it('writes times as toISOString does', () => {
  fc.assert(
    fc.property(fc.array(fc.date({ noInvalidDate: true }), { maxLength: 4 }), (times) => {
      const answer = DataRequest.create({ endpoint: '/' })
      answer.routes = times.map((startTime) => ({ executor: 'a', startTime }))
      const { routes } = JSON.parse(answerText(answer)) as { routes: { startTime: string }[] }
      expect(routes.map(({ startTime }) => startTime)).toEqual(times.map((time) => time.toISOString()))
    }),
  )
})

it('reads the times of routes back, before 1970 and after 2106 too', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), (startTime) => {
      const sent = DataRequest.create({ endpoint: '/' })
      sent.routes = [{ executor: 'a', startTime }]
      expect(DataRequest.decode(sent.encode()).routes[0]!.startTime).toEqual(startTime)
    }),
  )
})
