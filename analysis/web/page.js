// Draws the charts. The library parses expressions itself rather than making code
// of them, so that the page allows no scripts but those in it.
(() => {
	'use strict';
	const read = id => JSON.parse(document.getElementById(id).textContent);
	const theme = read('theme').config;
	const charWidth = 6.4; // pixels of a character of labels and titles, on average
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

	// wrapped is an expression for lines of at most so many characters, parted after
	// spaces, dots, dashes and the like.
	const wrapped = most => `split(replace(datum.label, regexp('(?=.{${most + 1}})(.{1,${most - 1}}[ ._:/-]|.{${most}})', 'g'), '$1\\n'), '\\n')`;

	const wrap = (title, most) => title.split(' ').reduce((lines, word) => {
		const last = lines.at(-1);
		if (last && last.length + word.length < most) lines[lines.length - 1] = last + ' ' + word;
		else lines.push(word);
		return lines;
	}, []);

	// lined reports whether lines are told apart by their dashes.
	const lined = part => [part, ...part.layer ?? []].some(layer => layer.encoding?.strokeDash);

	// fit makes what stands beside and above the marks as wide as there is room for.
	const fit = (part, width, config) => {
		const narrow = width < 480;
		for (const [channel, encoding] of Object.entries(part.encoding ?? {})) {
			if ((channel === 'x' || channel === 'y') && encoding.axis !== null) {
				const axis = encoding.axis ??= {};
				if (channel === 'y' && encoding.type === 'nominal') axis.labelExpr ??= wrapped(narrow ? 18 : 40);
				if (typeof encoding.title === 'string') encoding.title = wrap(encoding.title, channel === 'x' ? width / charWidth * 0.6 : 30);
				if (encoding.type === 'temporal') encoding.scale = { type: 'utc', ...encoding.scale };
				if (narrow && axis.tickCount) axis.tickCount = 3;
			}
			if ((channel === 'color' || channel === 'strokeDash') && encoding.scale && encoding.legend !== null) {
				const lines = lined(part) && { symbolType: 'stroke', symbolSize: 400, symbolStrokeWidth: 2 };
				encoding.legend = { symbolOpacity: 1, ...lines, ...encoding.legend };
			}
			if (channel === 'color' && encoding.scale?.domain) {
				const longest = Math.max(...encoding.scale.domain.map(word => String(word).length));
				const symbol = lined(part) ? 50 : 30; // with the space around it
				config.legend.columns = Math.max(1, Math.floor((width - 90) / (longest * charWidth + symbol)));
			}
		}
		for (const layer of part.layer ?? []) fit(layer, width, config);
	};

	// settle makes room for labels of several lines, and for text that sticks out to the right.
	const settle = async (view, container) => {
		const lines = Math.max(1, ...[...container.querySelectorAll('.role-axis-label text')].map(label => label.childElementCount));
		const step = view.getState().signals.y_step;
		if (step && step < 13 * lines + 6) await view.signal('y_step', 13 * lines + 6).runAsync();
		const right = container.querySelector('svg').getBoundingClientRect().right;
		const beyond = Math.max(0, ...[...container.querySelectorAll('svg text')].map(text => text.getBoundingClientRect().right - right));
		if (beyond > 0) {
			const padding = view.padding();
			await view.padding({ ...padding, right: padding.right + Math.ceil(beyond) + 2 }).resize().runAsync();
		}
	};

	const draw = async (chart, container) => {
		const config = structuredClone(theme), spec = structuredClone(chart.spec);
		fit(spec, container.clientWidth, config);
		Object.assign(spec, {
			config,
			width: 'container',
			autosize: { type: 'fit-x', contains: 'padding' },
			data: { name: 'answer', values: chart.values },
		});
		try {
			const view = new vl.View(vl.parse(vl.compile(spec, { logger }).spec, undefined, { ast: true }), {
				renderer: 'svg', container, hover: false, expr: vl.expressionInterpreter,
			});
			view.description(chart.spec.description);
			await view.runAsync();
			await settle(view, container);
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
	// One after the other, so that the page can be read and scrolled meanwhile. What is
	// folded is drawn when it is opened.
	(async () => {
		for (const chart of read('charts')) {
			const container = document.getElementById('chart-' + chart.name);
			if (container.checkVisibility()) {
				await draw(chart, container);
				await new Promise(resolve => setTimeout(resolve));
				continue;
			}
			const opened = () => {
				if (!container.checkVisibility()) return;
				document.removeEventListener('toggle', opened, true);
				draw(chart, container);
			};
			document.addEventListener('toggle', opened, true);
		}
		document.documentElement.dataset.drawn = 'yes';
	})();
})();
