import type { Random } from './random.js'

const commonest = (
  'the of to and in is that it for you on this be have are not with as or if was from but they by can what there my an at ' +
  'do one we all would will about so your me has he just like people know don out some no when any get think who more ' +
  'which other only how were also been their his am them than good time could does should then because use even well much ' +
  'see way make where new up first want may used many say right most had these god system two here anyone work into need ' +
  'please problem really something article writes university thanks help file windows drive space game year world'
).split(' ')

const onsets =
  'b c d f g h j k l m n p r s t v w b c d f g l m n p r s t bl br ch cl cr dr fl fr gl gr pl pr qu sc sh sl sp st str th tr wh'.split(
    ' ',
  )
const vowels = 'a e i o u a e i o ai ea ee ie oo ou y'.split(' ')
const codas = ['', '', '', 'n', 'r', 's', 't', 'l', 'm', 'd', 'ck', 'ng', 'nt', 'rd', 'st', 'll']
const accented = ['é', 'ö', 'ü', 'ß', 'ñ', 'à', 'ç', 'ø']
const endings = [
  '',
  '',
  '',
  '',
  '',
  '',
  '',
  's',
  'ed',
  'ing',
  'er',
  'ly',
  'tion',
  'al',
  'ness',
  'able',
  'ment',
  'ism',
]

/** Words that must not appear by chance in a corpus that people read. */
const unfit = /cunt|fuck|shit|nig|fag|slut|twat|rape|nazi|cum|piss|cock|dick|whore|bitch/

/**
 * `count` distinct words in lower case, the most common first and shorter ones early, as in English. Rare words include
 * numbers and names with letters beyond ASCII.
 */
export function lexicon(count: number, random: Random): string[] {
  const words = new Set(commonest)
  while (words.size < count) {
    const word = rareWord(words.size, random)
    if (!unfit.test(word)) words.add(word)
  }
  return [...words]
}

function rareWord(rank: number, random: Random): string {
  if (rank > 500 && random(12) === 0) return String(random(rank > 5_000 ? 1_000_000 : 2_000))
  const syllables = rank < 600 ? 1 : 1 + random(rank < 6_000 ? 2 : 3)
  let word = ''
  for (let index = 0; index < syllables; index++) {
    word += pick(onsets, random) + pick(vowels, random) + (random(3) === 0 ? pick(codas, random) : '')
  }
  if (rank > 20_000 && random(1_500) === 0) word += pick(accented, random)
  return word + pick(endings, random)
}

export function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[random(items.length)] as Item
}
