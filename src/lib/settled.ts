/** As `Promise.all`, but when one fails the others are waited for first: nothing goes on behind whoever cleans up then. */
export async function settled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}
