/** For a quick look: at most so many rounds, with figures that vary more. */
const mostRounds = Number(process.env['BENCH_ROUNDS'] ?? Number.POSITIVE_INFINITY)

/** Runs A B C, A B C, … so that a slow minute of the machine affects all of them. Returns the values of each in order. */
export async function interleave<Name extends string, Value>(
  rounds: number,
  runs: Readonly<Record<Name, () => Promise<Value>>>,
): Promise<Record<Name, Value[]>> {
  const names = Object.keys(runs) as Name[]
  const values = Object.fromEntries(names.map((name) => [name, [] as Value[]])) as Record<Name, Value[]>
  for (let round = 0; round < Math.min(rounds, mostRounds); round++) {
    for (const name of names) values[name].push(await runs[name]())
  }
  return values
}

/**
 * Real Jina sometimes does not start or loses a replica (it picks ports at random, without checking them); then it is
 * retried.
 */
export function withRetries<Value>(run: () => Promise<Value>, attempts = 8): () => Promise<Value> {
  return async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run()
      } catch (error) {
        if (attempt === attempts) throw error
        console.error(`a peer failed and is started again: ${(error as Error).message.slice(-500)}`)
      }
    }
  }
}
