// Draws the charts. The library parses expressions itself rather than making code
// of them, so that the page allows no script but these two.
(() => {
	'use strict';
	const read = id => JSON.parse(document.getElementById(id).textContent);
	const theme = read('theme');
	// Every chart fits the page in its width alone, which the compiler finds worth a
	// warning; other warnings are heard.
	const logger = {
		level() { return logger; },
		error(...words) { console.error(...words); return logger; },
		warn(...words) {
			if (!words.join(' ').startsWith('Dropping "fit-y"')) console.warn(...words);
			return logger;
		},
		info() { return logger; },
		debug() { return logger; },
	};
	const draw = async chart => {
		const container = document.getElementById('chart-' + chart.name);
		const narrow = container.clientWidth < 480;
		const config = structuredClone(theme);
		if (narrow) {
			config.axis.labelLimit = 120;
			config.legend.columns = 2;
		}
		const spec = {
			...chart.spec,
			config,
			width: 'container',
			autosize: { type: 'fit-x', contains: 'padding' },
			data: { name: 'answer', values: chart.values },
		};
		try {
			const view = new vl.View(vl.parse(vl.compile(spec, { logger }).spec, undefined, { ast: true }), {
				renderer: 'svg', container, hover: false, expr: vl.expressionInterpreter,
			});
			view.description(chart.spec.description);
			await view.runAsync();
			container.dataset.drawn = 'yes';
			if (!container.querySelector('.role-mark path[d], .role-mark text, .role-mark line')) {
				container.textContent = 'There is nothing to draw: the table says why.';
				container.dataset.blank = 'yes';
			}
		} catch (error) {
			container.textContent = 'This chart could not be drawn; its table is below.';
			console.error(chart.name, error);
		}
	};
	// One after the other, so that the page can be read and scrolled meanwhile.
	(async () => {
		for (const chart of read('charts')) {
			await draw(chart);
			await new Promise(resolve => setTimeout(resolve));
		}
		document.documentElement.dataset.drawn = 'yes';
	})();
})();
