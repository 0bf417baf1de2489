// Compares every value of Parquet files, as hyparquet reads them, with the same rows as JSON lines.
//
//   node hyparquet.js FILE.parquet... FILE.jsonl
//
// The rows of the Parquet files are those of the JSON lines, in that order. Names that files have as numbers of
// labels (docs/columns.md) are made from them.
import { asyncBufferFromFile, parquetReadObjects, parquetSchema, parquetMetadataAsync } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { readFileSync } from 'node:fs'

const files = process.argv.slice(2, -1)
const lines = readFileSync(process.argv.at(-1), 'utf8').trimEnd().split('\n')

// Times as stsscan cat prints them, whose microseconds a Date would lose.
const parsers = {
  timestampFromMicroseconds(micros) {
    if (micros === undefined || micros === null) return micros
    const within = ((micros % 1000000n) + 1000000n) % 1000000n
    const second = new Date(Number((micros - within) / 1000n)).toISOString().slice(0, 19)
    return `${second}.${String(within).padStart(6, '0')}Z`
  },
}

// parse makes {integer: '...'} of the integers that are too large for a number.
const parse = line => JSON.parse(
  line.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}/g, token => token[0] === '"' ? token : `{"integer":"${token}"}`))

const lastLabels = (name, labels) => labels === 0 ? '.' : name.split('.').slice(-labels).join('.')

// named gives a row its names in place of numbers of labels.
function named(row) {
  if (!('registered_labels' in row)) return row
  const { registered_labels: registered, zone_labels: zone, ...rest } = row
  rest.registered_domain = registered == null ? null : lastLabels(row.domain, registered)
  if (zone != null) rest.zone = lastLabels('_mta-sts.' + row.domain, zone)
  return rest
}

function equal(got, want) {
  if (want === null) return got === null || got === undefined
  if (got === null || got === undefined) return false
  if (typeof got === 'bigint') return got === BigInt(want.integer ?? want)
  if (got instanceof Uint8Array) {
    const bytes = want.base64 === undefined ? Buffer.from(want, 'utf8') : Buffer.from(want.base64, 'base64')
    return bytes.equals(got)
  }
  if (typeof want !== 'object') return got === want
  if (Array.isArray(want)) {
    return Array.isArray(got) && got.length === want.length && want.every((value, i) => equal(got[i], value))
  }
  const keys = Object.keys(want)
  return Object.keys(got).length === keys.length && keys.every(key => equal(got[key], want[key]))
}

let row = 0
const seen = new Set()
for (const name of files) {
  const file = await asyncBufferFromFile(name)
  const metadata = await parquetMetadataAsync(file)
  const columns = parquetSchema(metadata).children.map(column => column.element.name)
  // utf8: false keeps columns of raw octets as they are; those that are texts by their type are texts all the same.
  for (const got of await parquetReadObjects({ file, metadata, compressors, parsers, utf8: false })) {
    if (Object.keys(got).length !== columns.length) throw new Error(`${name} has columns ${columns}`)
    const given = named(got)
    const want = parse(lines[row++])
    for (const column of Object.keys(want)) {
      if (!equal(given[column], want[column])) {
        const show = value => JSON.stringify(value, (_, v) => typeof v === 'bigint' ? String(v) : v)
        throw new Error(`${name}, row ${row}: ${column} is ${show(given[column])}, want ${show(want[column])}`)
      }
      if (want[column] !== null) seen.add(column)
    }
    const more = Object.keys(given).filter(column => !(column in want))
    if (more.length > 0) throw new Error(`${name} has columns ${more}`)
  }
}
if (row !== lines.length || row === 0) throw new Error(`${row} rows, want ${lines.length}`)
console.log(`${files.at(-1)}: ${row} rows, ${seen.size} columns with values`)
