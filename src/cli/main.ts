#!/usr/bin/env node
import { logFormat } from '../observe/entry.js'
import { programLogger } from '../observe/logger.js'
import { runCommand } from './run.js'
import { openScreen } from './screen.js'

// the reader closed the pipe, as in `millrace ps | head`
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

// a server keeps running when its log is no longer read
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const { stdin: input, stdout: output } = process
const { code, complaint } = await runCommand(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  colour: output.isTTY && !process.env.NO_COLOR,
  ...(input.isTTY && output.isTTY && { openScreen: (onKey) => openScreen({ input, output }, onKey) }),
})
if (complaint !== null) {
  if (logFormat() === 'json') programLogger('millrace').error(complaint)
  else process.stderr.write(`millrace: ${complaint}\n`)
}
process.exitCode = code
// a module that was loaded for its Flow may keep this process from ending by itself
process.stdout.write('', () => process.stderr.write('', () => process.exit()))
