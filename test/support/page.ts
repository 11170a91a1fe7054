import { expect } from 'vitest'
import type { FlowStatus } from '../../src/control/status.js'

/** Opens the link and gives a function that asks below its path. */
export async function enter(link: string): Promise<(name: string, body?: object) => Promise<Response>> {
  const page = await fetch(link)
  expect(page.status).toBe(200)
  const cookie = page.headers.get('set-cookie')!.split(';')[0]!
  const { origin } = new URL(link)
  return (name, body) =>
    fetch(new URL(name, link), {
      method: body === undefined ? 'GET' : 'POST',
      headers: { cookie, origin },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
}

/** Reads an event stream until a look fits. */
export async function lookThat(
  response: Response,
  fits: (status: FlowStatus) => boolean,
): Promise<FlowStatus> {
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const events = text.split('\n\n')
    text = events.pop()!
    for (const event of events) {
      const { status } = JSON.parse(event.replace(/^data: /, '')) as { status?: FlowStatus }
      if (status !== undefined && fits(status)) return status
    }
  }
  throw new Error('The events ended.')
}
