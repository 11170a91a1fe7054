import { expect, it } from 'vitest'
import { MillraceError } from '../../../errors.js'
import { decodeStatus } from '../../../wire/status.js'
import { closeCode } from '../../../wire/websocket.js'
import { webSocketServersOfTests } from './websocket-servers.suite.js'

const start = webSocketServersOfTests()

it('a dry run is answered with a status, as JSON or protobuf', async () => {
  const { open } = await start()
  const text = await open({ path: '/dry_run' })
  expect(await text.nextJson()).toMatchObject({ code: 0 })
  expect((await text.closed).code).toBe(closeCode.complete)
  const binary = await open({ path: '/dry_run', subprotocols: ['bytes'] })
  binary.send(Buffer.alloc(0)) // as Jina's client does
  expect(decodeStatus((await binary.next()) as Buffer)).toMatchObject({ code: 'SUCCESS' })
})

it('a dry run that fails has the reason', async () => {
  const { open } = await start({
    handle: () => Promise.reject(new MillraceError('UNAVAILABLE', 'no replica of exec')),
  })
  const socket = await open({ path: '/dry_run' })
  expect(await socket.nextJson()).toMatchObject({ code: 1, description: 'no replica of exec' })
})
