/**
 * Function words of English, version 1: writers choose them without thinking, so they tell writers apart whatever the topic.
 * Profiles and distances that were measured with one version are not comparable with those of another.
 */
export const functionWordsVersion = 1

export const functionWords: readonly string[] = `
the a an this that these those each every all both either neither some any no none such another other much many more most few
less little own same several enough
of in to for with on at by from as into upon about against between among through during before after above below over under
within without toward towards behind beyond beside besides near like off out up down across along around till until since
and but or nor yet so for if because though although while whereas unless than whether lest therefore however thus hence indeed
i me my mine myself we us our ours ourselves you your yours he him his himself she her hers herself it its itself they them their
theirs themselves one who whom whose which what whoever whatever
is am are was were be been being has have had having do does did done doing will would shall should can could may might must
ought need dare let
not never ever always often sometimes seldom rarely still already again once then now here there when where why how
very too quite rather almost nearly only just even also perhaps really certainly simply merely away back first last next
well far long soon yes oh
it's don't can't won't i'm i've i'd i'll that's isn't didn't doesn't wasn't couldn't wouldn't you're he's she's there's
`
  .trim()
  .split(/\s+/)
  .filter((each, at, all) => all.indexOf(each) === at)

const known = new Set(functionWords)

/** The share of function words: 0.45 to 0.65 in English prose, under 0.25 in other languages and in lists of names. */
export const functionWordShare = (words: readonly string[]): number =>
  words.length === 0 ? 0 : words.filter((each) => known.has(each)).length / words.length
