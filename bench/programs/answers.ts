import { createInterface } from 'node:readline'

import { ANSWER } from '../measure/program.js'

export interface Asked {
  readonly do: string
}

/** Sends a message to the benchmark; the other side of `Program`. */
export function say(message: object): void {
  process.stdout.write(`\n${ANSWER}${JSON.stringify(message)}\n`)
}

/** Commands of the benchmark, until it closes the program or exits. */
export async function* commands<Command extends Asked>(): AsyncGenerator<Command> {
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line) as Command
    if (command.do === 'close') return
    yield command
  }
}

/** The arguments from the benchmark. */
export function options<Options>(): Options {
  return JSON.parse(process.argv[2] ?? '{}') as Options
}
