package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A paper is the part of the report that a publication needs before its tables.
type paper struct {
	Method   []fact
	Headline []figure
}

// headlineQueries are the answers that stand first in a paper.
var headlineQueries = []string{"cluster_effect", "verdicts"}

// paper tells the method, and the headline with its intervals.
func (r *Report) paper(charts *[]*Chart, words glossary) (*paper, error) {
	p := &paper{Method: r.method()}
	for _, name := range headlineQueries {
		f, err := r.figure(r.Tables[name], charts, words)
		if err != nil {
			return nil, err
		}
		p.Headline = append(p.Headline, f)
	}
	return p, nil
}

// without reports whether a paper has an answer not among its tables: because it stands in the headline, or because it
// is about single domains or their owners, whom a publication does not name.
func (p *paper) without(t *Table) bool {
	return slices.Contains(headlineQueries, t.Query.Name) || t.Column("domain") >= 0 || t.Column("tag") >= 0
}

// method says what was asked and how, and what the words and the shares mean.
func (r *Report) method() []fact {
	run := r.Run()
	is := func(name string) string { return printable(run.Config[name]) }
	const domains = "%s of %s; Provenance has the hash of each list and what became of its entries"
	method := []fact{{"Domains", fmt.Sprintf(domains,
		count(run.Rows, "domain"), count(int64(len(run.Inputs)), "list"))}}
	if sim := is("sim"); sim != "" {
		text := "the simulated Internet was asked (" + sim + "): these figures are of no real domain"
		method = append(method, fact{"Not measured", text})
	}
	asked := "the TXT record at _mta-sts.<domain>, and, where one valid record is there, the policy at " +
		"https://mta-sts.<domain>/.well-known/mta-sts.txt, without following redirects (RFC 8461, section 3)"
	for _, side := range []struct{ flag, of string }{
		{"mx", "MX hosts"}, {"tlsrpt", "TLSRPT records (RFC 8460)"}, {"dane", "TLSA records (RFC 7672)"},
	} {
		switch extent := is(side.flag); extent {
		case "":
		case "none":
			asked += "; not asked: " + side.of
		case "all":
			asked += "; " + side.of + " of all domains"
		default:
			asked += "; " + side.of + " of domains with a " + extent
		}
	}
	method = append(method, fact{"Asked", asked})
	probed := "not probed: verdicts about mail are by the names of MX hosts alone"
	if is("probe-mx") == "true" {
		probed = "probed up to the TLS handshake (STARTTLS)"
	}
	method = append(method, fact{"Certificates of MX hosts", probed})
	var resolvers []string
	for _, u := range run.Resolvers {
		resolvers = append(resolvers, printable(u.Addr))
	}
	how := fmt.Sprintf("by way of %s (%s)", count(int64(len(resolvers)), "resolver"), strings.Join(resolvers, ", "))
	for _, flag := range []string{"passes", "timeout", "retries", "vantage"} {
		if value := is(flag); value != "" {
			how += fmt.Sprintf(", --%s %s", flag, value)
		}
	}
	method = append(method,
		fact{"How", how},
		fact{"Program", "stsscan " + printable(run.Version)},
		fact{"Present", "the name has exactly one TXT record that is one of MTA-STS, valid or not, or several"},
		fact{"Absent", "NXDOMAIN or NODATA; anything else that is no answer is unknown, and is never taken for absent"},
		fact{"Denominators", "each table names its own; a share is an interval from the least to the greatest that can be " +
			"true, whatever the unknown are, or it is one of the known, with how many are known and unknown beside it"},
		fact{"Cluster", "domains that share an operator (by alias), a certificate or a set of addresses; beside a rate " +
			"stands what it is without the one cluster that adds most to it"},
		fact{"Left out", "lists of single domains, and of their owners"},
	)
	if n := len(r.Runs); n > 1 {
		first := r.Runs[0].Started.UTC().Format("2 January 2006")
		text := fmt.Sprintf("with %s, the first of %s", count(int64(n-1), "earlier run"), first)
		text += "; what got no answer is no change"
		method = append(method, fact{"Compared", text})
	}
	return append(method, fact{"State of the run", run.Status + ". " + cmp.Or(run.warning(), "It came to every domain.")})
}
