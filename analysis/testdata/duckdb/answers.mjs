// Answers questions in the DuckDB of one npm package; the arguments are the directory
// of an installation, and the package's name there. Standard input is
//   {tables: [SQL], queries: {name: SQL}}
// and standard output
//   {version, answers: {name: {columns, rows} or {error}}}
// with integers and decimals as numbers, times in microseconds, dates as text, and maps
// as objects.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.argv[2], 'package.json'));
const request = JSON.parse(readFileSync(0, 'utf8'));
const {
	DuckDBInstance, DuckDBTimestampValue, DuckDBTimestampTZValue, DuckDBDateValue, DuckDBMapValue, DuckDBDecimalValue,
} = require(process.argv[3]);

function plain(value) {
	switch (true) {
	case typeof value === 'bigint':
		return Number(value);
	case value instanceof DuckDBDecimalValue:
		return value.toDouble();
	case value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue:
		return Number(value.micros);
	case value instanceof DuckDBDateValue:
		return value.toString();
	case value instanceof DuckDBMapValue:
		return Object.fromEntries(value.entries.map(({ key, value }) => [key, value]));
	}
	return value;
}

const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
const version = (await connection.runAndReadAll('SELECT version()')).getRows()[0][0];
await connection.run("SET autoinstall_known_extensions = false"); // nothing is fetched from anywhere
await connection.run("SET TimeZone = 'UTC'");
for (const sql of request.tables) await connection.run(sql);
const answers = {};
for (const [name, sql] of Object.entries(request.queries)) {
	try {
		const reader = await connection.runAndReadAll(sql);
		answers[name] = { columns: reader.columnNames(), rows: reader.getRows().map((row) => row.map(plain)) };
	} catch (error) {
		answers[name] = { error: error.message };
	}
}
process.stdout.write(JSON.stringify({ version, answers }));
