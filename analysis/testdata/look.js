// What a test sees of a report: evaluated in the page when its charts are drawn.
(() => {
	const charts = [...document.querySelectorAll('.chart')].filter(chart => chart.checkVisibility());
	const marks = chart => [...chart.querySelectorAll('.role-mark path[d], .role-mark text, .role-mark line')];
	const narrow = innerWidth < 480;

	// What is wider than its place is cut, or covers what stands beside it; tables may
	// be scrolled where the page is wide.
	const cut = [];
	for (const e of document.querySelectorAll('body *:not(svg, svg *, script)')) {
		if (e.clientWidth === 0 || e.scrollWidth <= e.clientWidth + 1 || !e.checkVisibility()) continue;
		if (getComputedStyle(e).overflowX === 'auto' && !(narrow && e.querySelector('table'))) continue;
		cut.push(`${e.tagName}.${e.className} ${e.scrollWidth} > ${e.clientWidth}: ${e.textContent.slice(0, 60)}`);
	}

	const over = [];
	for (const chart of charts) {
		const frame = chart.getBoundingClientRect();
		const texts = [...chart.querySelectorAll('svg text')]
			.filter(text => text.textContent.trim() && text.getAttribute('opacity') !== '0')
			.map(text => ({ text: text.textContent, box: text.getBoundingClientRect() }));
		texts.forEach(({ text, box }, i) => {
			const inside = box.left >= frame.left - 1 && box.right <= frame.right + 1 &&
				box.top >= frame.top - 2 && box.bottom <= frame.bottom + 2;
			if (!inside || text.endsWith('…')) cut.push(`${chart.id}: ${text}`);
			for (const other of texts.slice(0, i)) {
				const wide = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
				const high = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
				if (wide > 1 && high > 4) over.push(`${chart.id}: ${other.text}, ${text}`);
			}
		});
	}

	return {
		first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
		drawn: charts.filter(c => c.dataset.drawn === 'yes' && (c.querySelector('svg') || c.dataset.blank)).length,
		empty: charts.filter(c => !c.dataset.blank && !marks(c).some(m => m.getBBox().width + m.getBBox().height > 0))
			.map(c => c.id).join(' '),
		blank: charts.filter(c => c.dataset.blank).map(c => c.id).join(' '),
		width: document.documentElement.scrollWidth,
		cut, over,
		tiles: new Set([...document.querySelectorAll('.tiles > *')].map(tile => tile.getBoundingClientRect().top)).size,
		background: getComputedStyle(document.body).backgroundColor,
	};
})()
