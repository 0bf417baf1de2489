package changes

import (
	"fmt"

	"stsscan/internal/domains"
	"stsscan/internal/explain"

	"stsscan/internal/output"
)

// A comparison reads two runs. Of the old run it keeps the domains with a record until the new one has told of them,
// and of the new run those that have none in the old one until that has told why.
type comparison struct {
	old, new    Run
	before, now asked
	words       words
	most        int // domains with a record
	kinds       []Kind

	had      map[string]known   // of the old run: not yet found in the new one
	arrivals map[string]arrival // of the new run: not yet found in the old one

	results []result // in the order of the new run's rows
}

// An arrival is a domain with a record in the new run alone.
type arrival struct {
	known
	advice advice // of a broken domain
	tags   map[string]string
}

// An advice is what is wrong with a domain that has a record, and what to do, in words.
type advice struct{ reason, remedy string }

func adviceOf(row *output.Row) advice {
	return advice{explain.Reason(row), firstOrNone(explain.Advice(row))}
}

// A result is a domain that changed or is broken.
type result struct {
	domain  string
	tags    map[string]string
	changes []Change
	broken  bool
	why     string // it is broken
	advice  advice // of a domain that changed
	before  state  // of a broken domain in the old run
}

// A state says whether a domain that is broken was so before.
type state int

const (
	stateUnclear state = iota // it is not known, or the domain is new in the lists
	stateSound                // it was not: a change says what broke
	stateBroken
)

func newComparison(old, new Run) *comparison {
	c := &comparison{
		old: old, new: new, most: MostDomains, kinds: Kinds(), words: words{make(map[string]string)},
		had: make(map[string]known), arrivals: make(map[string]arrival),
	}
	c.before, c.now = howAsked(old, new)
	return c
}

// read reads those with a record in both runs, then what the other run says of those that have one in one run alone.
func (c *comparison) read() error {
	for row, err := range published(c.old.Dir, comparedColumns()) {
		if err != nil {
			return err
		}
		c.had[row.Domain] = knownOf(row, c.before, &c.words)
		if len(c.had) > c.most {
			return c.tooMany()
		}
	}
	both := len(c.had)
	for row, err := range published(c.new.Dir, columnsNow()) {
		if err != nil {
			return err
		}
		if c.compare(row) {
			continue
		}
		there := arrival{known: knownOf(row, c.now, &c.words), tags: row.Tags}
		if there.broken() {
			there.advice = adviceOf(row)
		}
		c.arrivals[row.Domain] = there
		if both+len(c.arrivals) > c.most {
			return c.tooMany()
		}
	}
	if len(c.had) > 0 {
		for row, err := range among(c.had, c.new.Dir, columnsNow()) {
			if err != nil {
				return err
			}
			if c.compare(row); len(c.had) == 0 {
				break
			}
		}
	}
	if len(c.arrivals) > 0 {
		for row, err := range among(c.arrivals, c.old.Dir, comparedColumns()) {
			if err != nil {
				return err
			}
			if c.arrived(row); len(c.arrivals) == 0 {
				break
			}
		}
	}
	for domain, there := range c.arrivals { // in the new run's lists alone
		c.add(result{domain: domain, tags: there.tags}, &there.known)
	}
	return nil
}

// others are the tags that further entries of the new run's lists give the domains of results; none where no tag
// makes groups.
func (c *comparison) others(tag string) (map[string][]map[string]string, error) {
	if tag == "" {
		return nil, nil
	}
	others := make(map[string][]map[string]string)
	for i := range c.results {
		others[c.results[i].domain] = nil
	}
	for duplicate, err := range domains.ReadDuplicates(c.new.Dir, c.new.otherTags) {
		if err != nil {
			return nil, err
		}
		if entries, ok := others[duplicate.Domain]; ok {
			others[duplicate.Domain] = append(entries, duplicate.Tags)
		}
	}
	return others, nil
}

func (c *comparison) tooMany() error {
	return fmt.Errorf("%w: %s and %s have more than %d; the report compares any number: %s",
		ErrTooMany, c.old.Dir, c.new.Dir, c.most, "cd analysis && go run . "+c.old.Dir+" "+c.new.Dir)
}

// compare finds the changes of a domain by its row in the new run. It reports whether the old run had a record.
func (c *comparison) compare(row *output.Row) bool {
	old, ok := c.had[row.Domain]
	if !ok {
		return false
	}
	delete(c.had, row.Domain)
	p := c.pair(row.Domain, old, knownOf(row, c.now, &c.words))
	r := result{domain: row.Domain, tags: row.Tags, changes: p.changes(c.kinds)}
	r.before = p.stateBefore(r.changes)
	if r.changes != nil {
		r.advice = adviceOf(row)
	}
	cached := p.cached(row)
	for i := range r.changes {
		if change := &r.changes[i]; change.Regression && change.aboutCache() {
			change.Cached = cached
		}
	}
	c.add(r, &p.new)
	return true
}

// arrived finds the changes of a domain that the old run has without a record: none but that it has one now.
func (c *comparison) arrived(row *output.Row) {
	there, ok := c.arrivals[row.Domain]
	if !ok {
		return
	}
	delete(c.arrivals, row.Domain)
	p := c.pair(row.Domain, knownOf(row, c.before, &c.words), there.known)
	r := result{domain: row.Domain, tags: there.tags, changes: p.changes(c.kinds), advice: there.advice}
	r.before = p.stateBefore(r.changes)
	c.add(r, &p.new)
}

func firstOrNone(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

func (c *comparison) pair(domain string, old, new known) *pair {
	return &pair{
		domain: domain, old: old, new: new, passes: [2]int64{c.old.passes, c.new.passes},
		otherRoots: c.now.otherRoots,
	}
}

// add keeps a result where there is something to tell.
func (c *comparison) add(r result, now *known) {
	if r.broken = now.broken(); r.broken {
		r.why = now.why()
	}
	for i := range r.changes {
		change := &r.changes[i]
		change.Tags, change.Broken, change.NewBroken = r.tags, r.broken, r.newBroken()
		if r.broken {
			change.Reason = r.advice.reason
		}
		switch {
		case change.Remedy != "" && change.NewBroken && i == 0: // of its kind, and it does not mend the domain
			change.Remedy = r.advice.remedy + " " + change.Remedy
		case change.Remedy == "" && (change.Regression || change.NewBroken):
			change.Remedy = r.advice.remedy
		}
	}
	if r.broken || r.changes != nil {
		c.results = append(c.results, r)
	}
}

// newBroken reports whether the domain is broken by a change.
func (r *result) newBroken() bool { return r.broken && r.before == stateSound }
