/** A terminal that a program has for itself: the text before is back when it is closed. */
export interface Screen {
  /** Shows these lines in place of those before; what does not fit is cut off. */
  draw(text: string): void
  close(): void
}

/** The part of a terminal's streams that a screen uses. */
export interface ScreenStreams {
  readonly input: Pick<NodeJS.ReadStream, 'setRawMode' | 'setEncoding' | 'on' | 'off' | 'resume' | 'pause'>
  readonly output: Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows'>
}

/** Control sequences of xterm, which all terminals have today. */
const alternateScreen = { on: '\u001b[?1049h', off: '\u001b[?1049l' }
const cursor = { hide: '\u001b[?25l', show: '\u001b[?25h' }
const home = '\u001b[H'
const clearLine = '\u001b[K'
const clearBelow = '\u001b[J'
const plain = '\u001b[0m'

/** @param onKey called for each key, in the terminal's encoding */
export function openScreen({ input, output }: ScreenStreams, onKey: (key: string) => void): Screen {
  input.setRawMode(true)
  input.setEncoding('utf8')
  input.on('data', onKey)
  input.resume()
  output.write(alternateScreen.on + cursor.hide)
  return {
    draw(text) {
      const lines = text.split('\n').slice(0, output.rows)
      const shown = lines.map((line) => clip(line, output.columns) + clearLine)
      output.write(home + shown.join('\r\n') + clearBelow)
    },
    close() {
      output.write(cursor.show + alternateScreen.off)
      input.off('data', onKey)
      input.setRawMode(false)
      input.pause()
    },
  }
}

/** The first `columns` characters of a line; colour codes have no width. */
export function clip(line: string, columns: number): string {
  let width = 0
  let clipped = ''
  for (const [part] of line.matchAll(/\p{Cc}\[[\d;]*m|./gsu)) {
    if (!part.startsWith('\u001b[') && ++width > columns) return clipped + plain
    clipped += part
  }
  return clipped
}
