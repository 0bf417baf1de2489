package main

import (
	"cmp"
	"maps"
	"slices"
)

// A term is a word of the report and what it means.
type term struct{ Word, Meaning string }

// terms are what the report speaks of, whatever its answers are.
func terms() []term {
	return []term{
		{"MTA-STS", "a way for a domain to ask senders to deliver its mail over TLS, with a certificate for the host (RFC 8461)"},
		{"record", "the TXT record at _mta-sts.<domain>: it says that there is a policy, and which (section 3.1)"},
		{"id", "names a version of the policy in the record: senders ask for the policy anew when it changes (section 3.1)"},
		{"policy", "the text at https://mta-sts.<domain>/.well-known/mta-sts.txt (section 3.2)"},
		{"Policy Host", "mta-sts.<domain>, which serves the policy (section 3.3)"},
		{"max_age", "for how many seconds senders keep a policy (section 3.2)"},
		{"present", "a record is published, valid or not"},
		{"unknown", "no answer that says so or otherwise: counted neither as there nor as not there"},
		{"low, high", "the least and the greatest share that can be true, whatever the unknown are"},
		{"of the known", "out of those whose answer is known; how many are not stands beside it"},
		{"points", "percentage points: the difference of two shares"},
		{"cluster", "domains that share an operator, a certificate or a set of addresses, and so their fate"},
		{"regression", "a change that takes protection away, or that senders cannot see"},
		{"takeover", "an alias leads to a name that does not exist: whoever registers it serves the record or the policy"},
	}
}

// columnMeanings say what the columns of answers are that many of them have.
var columnMeanings = map[string]string{
	"low":        "the least share that can be true, whatever the unknown are",
	"high":       "the greatest share that can be true, whatever the unknown are",
	"unknown":    "how many are not known: counted neither way",
	"known":      "how many are known: what shares of the known are out of",
	"present":    "domains that publish a record, valid or not",
	"cluster":    "domains that share an operator, a certificate or a set of addresses, and so their fate",
	"regression": "takes protection away, or is a change that senders cannot see",
	"stage":      "where the retrieval of the policy failed first; record: before it began",
	"urgency":    "1: mail is refused; 2: believed to be protected, and is not; 3: weaker than it looks",
	"points":     "percentage points",
}

// A glossary collects the words that the page shows, by set, so that each is explained once.
type glossary map[string]map[string]string

func (g glossary) add(set, word, meaning string) {
	if meaning == "" {
		return
	}
	if g[set] == nil {
		g[set] = make(map[string]string)
	}
	g[set][word] = meaning
}

// list is the terms, and then the words that were shown: a reason stands behind its stage, as it does in rows.
func (g glossary) list() []term {
	list := terms()
	for _, set := range slices.Sorted(maps.Keys(g)) {
		for _, word := range slices.Sorted(maps.Keys(g[set])) {
			label := word
			switch set {
			case "record", "dns", "tcp", "tls", "http", "body", "syntax":
				label = set + ": " + word
			case "policy", "mode", "mx_match", "stage":
				label = set + " " + word
			}
			list = append(list, term{label, g[set][word]})
		}
	}
	slices.SortStableFunc(list[len(terms()):], func(a, b term) int { return cmp.Compare(a.Word, b.Word) })
	return list
}
