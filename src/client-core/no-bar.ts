import { MillraceError } from '../errors.js'
import type { StartBar } from './post.js'

/** The progress bar where there is no terminal, such as `a browser`: asking for it throws UNSUPPORTED. */
export function noBar(where: string): StartBar {
  return () => {
    const what = `showProgress draws on a terminal, which ${where} lacks. Count the answers in onDone instead.`
    throw new MillraceError('UNSUPPORTED', what)
  }
}
