import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect } from 'vitest'
import type { FlowStatus } from '../../src/control/status.js'
import { commandLine } from './servers.js'

type Ask = Awaited<ReturnType<typeof enter>>

/** Runs `millrace dashboard` with these arguments, and opens its page. */
export async function servePage(
  ...args: readonly string[]
): Promise<AsyncDisposable & { readonly ask: Ask }> {
  const command = spawn(process.execPath, [commandLine, 'dashboard', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(command, 'exit')
  const close = async (): Promise<void> => {
    command.kill('SIGINT')
    await ended
  }
  try {
    const lines = createInterface({ input: command.stdout })
    const [line] = (await Promise.race([
      once(lines, 'line'),
      ended.then(() => Promise.reject(new Error('millrace dashboard has ended.'))),
    ])) as [string]
    const ask = await enter(line.replace(/^Open /, ''))
    return { ask, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

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
