/** Like `Promise.all`, but a failure waits for the others to settle first: cleaning up never races with work that still runs. */
export async function settled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}
