import { containerPaths } from './container-paths.js'

/** Variable with the file by whose age a health check sees that a container serves. */
export const healthFileVariable = 'MILLRACE_HEALTH_FILE'

/** On a tmpfs of the container. */
export const healthFile: string = `${containerPaths.temporary}/millrace-health`

/** Milliseconds between two checks of its own health by which a container renews the file. */
export const healthPeriodMs = 10_000

/**
 * Succeeds while the file is less than a minute old. A shell and `find` take a few milliseconds, where a Node process takes a
 * tenth of a second.
 */
export const healthCommand: string = `test -n "$(find ${healthFile} -mmin -1)"`
