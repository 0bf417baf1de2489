// Brings tables to life: the head of a column sorts by it, a field above finds rows.
(() => {
	'use strict';
	const few = 5; // rows that are seen without a search
	const collator = new Intl.Collator('en', { numeric: true });
	const textOf = cell => cell.dataset.sort ?? cell.textContent.trim();
	// numberOf reads what a cell shows: 1,234 or -12.3 % or the lower end of an interval.
	const numberOf = cell => parseFloat(textOf(cell).replaceAll(',', ''));

	// compare orders two cells; what is missing comes last, whichever way the order goes.
	const compare = (a, b, numbers, way) => {
		const [x, y] = numbers ? [numberOf(a), numberOf(b)] : [textOf(a), textOf(b)];
		const missing = v => v === '' || v === '–' || Number.isNaN(v);
		if (missing(x) || missing(y)) return missing(x) - missing(y);
		return way * (numbers ? x - y : collator.compare(x, y));
	};

	// breakable lets a long name of a column go on in the next line after an underscore.
	const breakable = element => {
		const [first, ...rest] = element.textContent.split(/(?<=_)/);
		element.replaceChildren(first ?? '', ...rest.flatMap(part => [document.createElement('wbr'), part]));
	};

	const sortable = table => {
		const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
		heads.forEach((head, column) => {
			const button = document.createElement('button');
			button.type = 'button';
			button.append(...head.childNodes);
			head.append(button);
			breakable(button.firstElementChild ?? button);
			button.addEventListener('click', () => {
				const numbers = head.classList.contains('n');
				const before = head.getAttribute('aria-sort') ?? (numbers ? 'ascending' : 'descending');
				const way = before === 'ascending' ? -1 : 1;
				for (const other of heads) other.removeAttribute('aria-sort');
				head.setAttribute('aria-sort', way === 1 ? 'ascending' : 'descending');
				body.append(...[...body.rows].sort((a, b) => compare(a.cells[column], b.cells[column], numbers, way)));
			});
		});
	};

	const searchable = table => {
		const rows = [...table.tBodies[0].rows];
		if (rows.length <= few) return;
		const line = document.createElement('p'), field = document.createElement('input'), count = document.createElement('output');
		line.className = 'search';
		field.type = 'search';
		field.placeholder = 'Search';
		field.setAttribute('aria-label', 'Search the rows of this table');
		line.append(field, count);
		(table.closest('.wide') ?? table).before(line);
		field.addEventListener('input', () => {
			const words = field.value.toLowerCase().split(/\s+/);
			let found = 0;
			for (const row of rows) {
				const text = row.textContent.toLowerCase();
				row.hidden = !words.every(word => text.includes(word));
				found += !row.hidden;
			}
			count.textContent = `${found.toLocaleString('en')} of ${rows.length.toLocaleString('en')} rows`;
		});
	};

	// On a narrow page each row is a list of its cells, each with the name of its column.
	const stackable = table => {
		const names = [...table.tHead.rows[0].cells].map(head => head.textContent);
		for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, i) => { cell.dataset.column = names[i]; });
		table.classList.add('stacked');
	};

	for (const table of document.querySelectorAll('table.sortable')) {
		stackable(table);
		sortable(table);
		searchable(table);
	}
})();
