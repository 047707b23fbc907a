/** What the notes are about, and how rough they are. Change this first. */

/** How notes are jotted down; each belongs to one split. */
const orders = [
  '{what} {who} {when}',
  '{who} {what} {when}',
  '{when} {what} {who}',
  '{when}, {who}: {what}',
  '{who}?? {what}. {when}',
  '{what} ({who}, {when})',
  '{what}; {when}; {who}',
]
const habits = [
  '{notes}',
  'notes: {notes}',
  '- {notes}',
  '{notes} !!',
  'so. {notes}',
  'ok so {notes}',
  'remember: {notes}',
  '{notes} etc',
  'todo {notes}',
  'mtg: {notes}',
  'from the call: {notes}',
  '{notes}, ok?',
  'p.s. {notes}',
  '* {notes}',
]
export const jottings: readonly string[] = habits.flatMap((habit) =>
  orders.map((order) => habit.replace('{notes}', order)),
)

/** What the slots of the notes can hold; each value belongs to one split. */
export const values: Readonly<Record<string, readonly string[]>> = {
  who: [
    'Ada',
    'Ben',
    'Cleo',
    'Dan',
    'Eve',
    'Fay',
    'Gil',
    'Hal',
    'Ida',
    'Jon',
    'Kim',
    'Lea',
    'Max',
    'Noa',
    'Oli',
    'Pia',
    'Rob',
    'Sue',
    'Tom',
    'Una',
    'Val',
    'Wes',
    'Yan',
    'Zoe',
  ],
  what: 'fix the door,paint the wall,order paper,call the bank,book a room,write the plan,test the pump,clean the shed,sell the bike,mend the roof,count the stock,check the lamps,plan the trip,move the desks,update the site,print the flyers,water the plants,pay the rent,file the forms,charge the van,buy the seeds,sort the keys,scan the bills,wash the cups'.split(
    ',',
  ),
  day: 'Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday,tomorrow,today,in May,in June,in July,next week'.split(
    ',',
  ),
  hour: 'at noon,by six,before lunch,at ten,at eight,by nine,after tea,at one,by two,at dawn,at night,by four'.split(
    ',',
  ),
}

/** The text that is wanted of the notes. Several texts would be right; this one is what SFT learns. */
export const wanted = ({ who = '', what = '', when = '' }: Readonly<Record<string, string>>): string =>
  `Task: ${what}.\nOwner: ${who}.\nDue: ${when}.`

/** Words that a sober text does without. */
export const praise = ['great', 'excellent', 'amazing', 'wonderful', 'perfect', 'sure', 'happy to']
