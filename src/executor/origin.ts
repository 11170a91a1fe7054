import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Functions that compilers put between a decorator and the class it is applied in. */
const loweringHelper =
  /^_*(?:esDecorate|decorateElement|decorate|decorateClass|apply_?decs\w*|applyDecs\w*)$/u
const helperPackage = /[\\/]node_modules[\\/](?:tslib|@swc[\\/]helpers|@babel[\\/]runtime)[\\/]|^bun:wrap$/u

/**
 * File URL of the module that called `callee`, when called from inside of it; null when it has no file (REPL, eval).
 *
 * Skips the frames of a compiler's decorator helper, and everything between it and `callee`: that is a decorator of the user
 * which calls `@requests`.
 */
export function callerModule(callee: (...args: never[]) => unknown): string | null {
  const frames = framesAbove(callee)
  const helper = frames.findLastIndex((frame) => isHelper(frame))
  const caller = frames.slice(helper + 1).find((frame) => frame.getFileName())
  return caller === undefined ? null : moduleUrl(caller.getFileName() ?? '')
}

/** What Node calls a program that is no file: `node -e`, or on standard input. */
const typedIn = /[\\/]\[(?:eval|stdin)\d*\]$/u

/**
 * An importable URL from a stack frame's file name; without a loader's query (tsx adds a namespace). Null for a program that is no
 * file.
 */
export function moduleUrl(fileName: string): string | null {
  if (typedIn.test(fileName)) return null
  if (fileName.startsWith('file:')) return fileName.replace(/[?#].*$/u, '')
  return isAbsolute(fileName) ? pathToFileURL(fileName).href : null
}

/** `Error.prepareStackTrace` receives V8's own frames: files as they were loaded, regardless of source maps. */
function framesAbove(callee: (...args: never[]) => unknown): NodeJS.CallSite[] {
  const { stackTraceLimit } = Error
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  try {
    Error.stackTraceLimit = 20
    Error.prepareStackTrace = (_error, frames) => frames
    const holder: { stack?: NodeJS.CallSite[] } = {}
    Error.captureStackTrace(holder, callee)
    return holder.stack ?? []
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    if (before === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
    else Object.defineProperty(Error, 'prepareStackTrace', before)
  }
}

function isHelper(frame: NodeJS.CallSite): boolean {
  if (helperPackage.test(frame.getFileName() ?? '')) return true
  return loweringHelper.test(frame.getFunctionName() ?? '')
}
