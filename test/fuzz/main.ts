// Mutates recorded sessions of real HTTP/2 clients and servers, as many frames as the first argument says, by default ten
// million; the second argument is the first seed. `npm run fuzz -- 100000 7`. Exit code 1 for a broken rule, with its seed.
import { Fuzz } from './fuzz.js'

const [wanted = 10_000_000, firstSeed = 1] = process.argv.slice(2).map(Number)
const everySessions = 20_000

/** The process takes about 150 MB; it must not grow with the number of sessions. */
const mostBytes = 400 * 2 ** 20

const fuzz = new Fuzz()
const { report } = fuzz
let seed = firstSeed
let most = process.memoryUsage().rss

for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) =>
    stop(new Error(`seed ${seed}: thrown out of the connection`, { cause: error })),
  )

const began = performance.now()
for (; report.mutations < wanted; seed++) {
  await fuzz.run(seed).catch(stop)
  if (report.sessions % everySessions !== 0) continue
  most = Math.max(most, process.memoryUsage().rss)
  say()
  if (most > mostBytes) stop(new Error(`the process takes ${most} bytes after ${report.sessions} sessions`))
}
say()

function say(): void {
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  const { sessions, mutations, sent, open } = report
  console.log(
    `${mutations} mutated frames in ${sessions} sessions, seeds ${firstSeed} to ${seed - 1}: ${open} connections stayed open, ` +
      `${sent} frames were sent; ${seconds} s, at most ${Math.round(most / 2 ** 20)} MB`,
  )
}

function stop(error: unknown): never {
  console.error(error)
  process.exit(1)
}
