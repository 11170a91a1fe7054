import { lexicon, pick } from './lexicon.js'
import { type Random, seededRandom } from './random.js'
import { zipfRanks } from './zipf.js'

/** Numbers of documents and distinct words, as in the training part of 20newsgroups. */
export const DOCUMENTS = 11_314
export const WORDS = 130_000

const LINE = 72

/** Characters of a document at given shares of all documents, in thousandths: most are short, a few very long. */
const lengths: readonly (readonly [share: number, characters: number])[] = [
  [0, 100],
  [250, 580],
  [500, 1_010],
  [750, 1_650],
  [900, 2_850],
  [970, 5_800],
  [990, 12_500],
  [999, 41_000],
  [1_000, 68_000],
]

/**
 * A corpus similar to 20newsgroups, about 22 MB when complete: mail headers, sentences in lines of 72 characters, quotes,
 * a vocabulary that follows Zipf's law, and words that are repeated within a document. The same seed gives the same bytes
 * on every machine.
 */
export function* generateCorpus(documents: number = DOCUMENTS, seed = 20): Generator<string> {
  const random = seededRandom(seed)
  const words = lexicon(WORDS, random)
  const nextRank = zipfRanks(words.length, random)
  for (let index = 0; index < documents; index++) {
    const spoken: string[] = []
    const nextWord = (): string => {
      // a text has a topic: every fourth word repeats an earlier one
      if (spoken.length > 20 && random(4) === 0) return pick(spoken, random)
      const word = words[nextRank()] as string
      spoken.push(word)
      return word
    }
    yield documentOf(lengthOf(random), nextWord, random)
  }
}

function lengthOf(random: Random): number {
  const share = random(1_000)
  const segment = lengths.findIndex(([end]) => end > share)
  const [from, least] = lengths[segment - 1] as readonly [number, number]
  const [to, most] = lengths[segment] as readonly [number, number]
  return (
    least + Math.floor(((most - least) * ((share - from) * 1_000 + random(1_000))) / ((to - from) * 1_000))
  )
}

function documentOf(characters: number, nextWord: () => string, random: Random): string {
  const author = `${capital(nextWord())} ${capital(nextWord())}`
  const lines = [
    `From: ${nextWord()}@${nextWord()}.${pick(['edu', 'com', 'org', 'gov'], random)} (${author})`,
    `Subject: ${random(2) === 0 ? 'Re: ' : ''}${capital(nextWord())} ${nextWord()} ${nextWord()}`,
    `Organization: ${capital(nextWord())} ${pick(['University', 'Laboratories', 'Inc.', 'Institute'], random)}`,
    `Lines: ${Math.ceil(characters / 45)}`,
    '',
  ]
  let size = lines.join('\n').length
  while (size < characters) {
    const mark = random(6) === 0 ? '>' : ''
    for (const line of paragraph(nextWord, mark, random)) {
      lines.push(line)
      size += line.length + 1
    }
    lines.push('')
    size += 1
  }
  lines.push(`-- `, author, '')
  return lines.join('\n')
}

function* paragraph(nextWord: () => string, mark: string, random: Random): Generator<string> {
  let line = mark
  for (let sentences = 1 + random(4); sentences > 0; sentences--) {
    const words = 5 + random(18)
    for (let index = 0; index < words; index++) {
      const word = dressed(nextWord(), index === 0, index === words - 1, random)
      if (line.length + word.length >= LINE) {
        yield line
        line = mark
      }
      line += line === '' ? word : ` ${word}`
    }
  }
  yield line
}

/** A word in the form that it has in a sentence. */
function dressed(word: string, isFirst: boolean, isLast: boolean, random: Random): string {
  const chance = random(100)
  let text = isFirst || chance < 4 ? capital(word) : word
  if (chance === 5) text = word.toUpperCase()
  else if (chance === 6) text = `(${word})`
  else if (chance === 7) text = `"${word}"`
  else if (chance === 8) text = `${word}'s`
  else if (chance === 9) text = `${word}-${random(100)}`
  else if (chance < 16) text += ','
  return isLast ? text + pick(['.', '.', '.', '.', '?', '!', '...', ';', ':', ' :-)'], random) : text
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
