import { nearest } from '../../lib/nearest.js'
import { parseArguments, positional } from '../arguments.js'
import type { Command } from '../command.js'
import { UsageError } from '../usage-error.js'
import { bashScript } from './bash.js'
import { fishScript } from './fish.js'
import { wordsOf } from './words.js'
import { zshScript } from './zsh.js'

const shells = new Map([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
])

/** @param commands all commands, this one included */
export function completion(commands: () => ReadonlyMap<string, Command>): Command {
  return {
    summary: 'Prints a script with which a shell completes commands and options',
    kinds: [...shells.keys()],
    options: {},
    help: `Usage: millrace completion bash|zsh|fish

Prints a script that completes the names of commands, their options, and files.

  bash  source <(millrace completion bash), in ~/.bashrc
  zsh   source <(millrace completion zsh), in ~/.zshrc after compinit
  fish  millrace completion fish > ~/.config/fish/completions/millrace.fish`,
    async run(args, terminal) {
      const [shell] = positional(parseArguments(args, {}).positionals, 'SHELL')
      const script = shells.get(shell)
      if (script === undefined) {
        const known = [...shells.keys()]
        const hint = nearest(shell, known)
        const advice = hint === undefined ? `Shells: ${known.join(', ')}.` : `Did you mean '${hint}'?`
        throw new UsageError(`There is no completion for '${shell}'. ${advice}`)
      }
      terminal.out(script(wordsOf(commands())))
    },
  }
}
