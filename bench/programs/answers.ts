import { createInterface } from 'node:readline'

import { ANSWER } from '../measure/program.js'

export interface Asked {
  readonly do: string
}

/** Tells the bench something; the other side of `Program`. */
export function say(message: object): void {
  process.stdout.write(`\n${ANSWER}${JSON.stringify(message)}\n`)
}

/** Commands of the bench, until it says close or goes away. */
export async function* commands<Command extends Asked>(): AsyncGenerator<Command> {
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line) as Command
    if (command.do === 'close') return
    yield command
  }
}

/** What the bench wants of this program. */
export function options<Options>(): Options {
  return JSON.parse(process.argv[2] ?? '{}') as Options
}
