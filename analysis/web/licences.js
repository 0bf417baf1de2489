// Writes LICENCES.txt: what the bundle holds, and under which licence.
import { build } from 'esbuild';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const { metafile } = await build({ entryPoints: ['entry.js'], bundle: true, write: false, metafile: true, format: 'iife', globalName: 'vl' });
const used = Object.entries(metafile.outputs).flatMap(([, output]) => Object.entries(output.inputs));
const names = new Set(used.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean));
const byText = new Map();
for (const name of [...names].sort()) {
	const folder = `node_modules/${name}`;
	const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
	const file = readdirSync(folder).find(f => /^licen[cs]e/i.test(f));
	if (!file) throw new Error(`${name} has no licence`);
	const licence = readFileSync(`${folder}/${file}`, 'utf8').trim();
	byText.set(licence, [...byText.get(licence) ?? [], `${name} ${version} (${license})`]);
}
let text = 'charts.min.js is made of these packages, each under its licence.\n';
for (const [licence, packages] of byText) {
	text += `\n${'='.repeat(78)}\n${packages.join('\n')}\n\n${licence}\n`;
}
writeFileSync('LICENCES.txt', text);
