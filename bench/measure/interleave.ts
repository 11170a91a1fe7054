/** Runs A B C, A B C, … so that a slow minute of the machine meets all of them. Gives each one's values in order. */
export async function interleave<Name extends string, Value>(
  rounds: number,
  runs: Readonly<Record<Name, () => Promise<Value>>>,
): Promise<Record<Name, Value[]>> {
  const names = Object.keys(runs) as Name[]
  const values = Object.fromEntries(names.map((name) => [name, [] as Value[]])) as Record<Name, Value[]>
  for (let round = 0; round < rounds; round++) {
    for (const name of names) values[name].push(await runs[name]())
  }
  return values
}
