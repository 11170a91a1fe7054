import { randomBytes } from 'node:crypto'
import { link, open, rm } from 'node:fs/promises'

/** Creates a file with its whole content at once; returns false when it exists already. */
export async function createWhole(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(draft, 'wx')
  try {
    await file.writeFile(content)
    await file.close()
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/** Whether a file operation failed because the file does not exist. */
export function isMissing(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'ENOENT'
}
