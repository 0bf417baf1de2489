package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
)

// A learnt is which case of each facet a scan found of a domain; -1: it is unknown.
type learnt [facets]int

// A doubtful is a run of a made-up list: what was learnt of each of its domains.
type doubtful []learnt

// newDoubtful makes a run of n domains. Of each facet of each domain, all was learnt, or what a
// share of one in that many left.
func newDoubtful(n int, night uint64, unknownOneIn int) doubtful {
	chance := rand.New(rand.NewPCG(night, 1))
	run := make(doubtful, n)
	all := cases()
	for i := range run {
		steady := rand.New(rand.NewPCG(uint64(i), 2)) // most domains do not change from night to night
		for f := range facets {
			run[i][f] = steady.IntN(len(all[f]))
			if (f == recordFacet || f == policyFacet) && steady.IntN(2) == 0 {
				run[i][f] = steady.IntN(3) // more with a valid record and policy
			}
			if other := chance.IntN(len(all[f])); chance.IntN(10) == 0 || f == matchFacet {
				run[i][f] = other
			}
			if f != limitFacet && chance.IntN(unknownOneIn) == 0 {
				run[i][f] = -1
			}
		}
		if run[i][policyFacet] >= 0 && chance.IntN(8) == 0 {
			run[i][limitFacet] = -1
		}
	}
	return run
}

// row is what a scan writes of the domain of that number.
func (l learnt) row(i int, all [facets][]observed) observed {
	domain := fmt.Sprintf("d%d.%s", i, []string{"com", "net", "org"}[i%3])
	row := observed{
		"domain": domain, "registered_domain": domain, "tld": domain[len(domain)-3:], "rank": i + 1, "list": "list", "attempts": 1, "lookup_ms": i % 7, "tcp": false,
		"observed_at": "2026-11-01 00:00:00Z", "pass": 1, "policy": "not_fetched", "tags": map[string]string{"owner": fmt.Sprint("team ", i%3)}, "resolver": "192.0.2.1:53",
	}
	add := func(f facet, otherwise observed) bool {
		if l[f] < 0 {
			maps.Copy(row, otherwise)
			return false
		}
		maps.Copy(row, all[f][l[f]])
		return true
	}
	add(recordFacet, observed{"record": "unknown", "record_reason": "servfail"})
	add(reportsFacet, observed{"tlsrpt": "unknown", "tlsrpt_reason": "servfail"})
	add(daneFacet, observed{"dane": "unknown"})
	add(hostsFacet, observed{"mx_kind": "unknown", "mx_reason": "servfail"})
	present := row["record"] == "valid" || row["record"] == "invalid" || row["record"] == "multiple"
	if present {
		row["txt_count"] = 1
		add(wildcardFacet, nil)
	}
	if row["mx_kind"] == "mx" || row["mx_kind"] == "implicit" {
		host := observed{"host": fmt.Sprintf("mail.provider%d.example", (i+l[matchFacet]+4)%4), "preference": 10}
		if probe := l[probeFacet]; present && probe >= 0 {
			host["starttls"] = all[probeFacet][probe]["starttls"]
		} else if present {
			host["starttls"] = "unknown"
		}
		row["mx"] = []observed{host}
	}
	if row["record"] == "valid" {
		l.addPolicy(i, row, all)
	}
	if i%11 == 0 {
		row["pass"], row["first_record"], row["first_record_reason"] = 2, "unknown", "timeout"
	}
	row["verdict"] = verdictOf(row)
	row["strict"] = row["record"] == "valid" && row["lenient"] != false
	return row
}

// addPolicy adds what a scan writes of the policy and its host.
func (l learnt) addPolicy(i int, row observed, all [facets][]observed) {
	if l[policyFacet] < 0 {
		maps.Copy(row, observed{"policy": "unknown", "policy_stage": "dns", "policy_reason": "servfail"})
		row["tlsrpt_result"] = "sts-policy-fetch-error"
		return
	}
	policy := all[policyFacet][l[policyFacet]]
	if l[limitFacet] < 0 {
		policy = observed{
			"policy": "unreachable", "policy_stage": "tls", "policy_reason": "handshake_failure", "tls_error": "handshake_failure",
			"findings": []string{"client_limit_possible"},
		}
	}
	maps.Copy(row, policy)
	row["dns_ms"], row["delegation"] = i%5, "none"
	if row["policy_stage"] != "dns" {
		addr := fmt.Sprintf("22.0.%d.%d", i/250, i%250)
		row["host_addrs"], row["addr"], row["ipv4"] = []string{addr}, addr, "connected"
		operator := "" // a large one, one of a size between, and small ones; others do it themselves
		switch i % 25 {
		case 1, 4, 6, 9, 11, 14, 16, 19, 21, 24:
			operator = "large.example"
		case 12:
			operator = "middle.example"
		case 3:
			operator = fmt.Sprintf("small%d.example", i/25%12)
		}
		if operator != "" {
			row["host_cnames"], row["host_delegated_to"], row["delegation"] = []string{"x." + operator}, operator, "host_only"
		}
	}
	if row["policy_reason"] == "nxdomain" {
		row["host_cnames"], row["findings"] = []string{fmt.Sprint("gone.", row["domain"])}, []string{"host_cname_dangling"}
	}
	if row["policy_reason"] == "nxdomain" {
		row["host_cnames"], row["findings"] = []string{fmt.Sprint("gone.", row["domain"])}, []string{"host_cname_dangling"}
	}
	if row["policy"] != "valid" {
		row["tlsrpt_result"] = "sts-policy-fetch-error"
		return
	}
	switch row["mx_kind"] {
	case "unknown":
		row["mx_match"] = "unknown"
	case "null":
		row["mx_match"] = "null_mx"
	case "none":
		row["mx_match"] = "no_mx"
	default:
		row["mx_match"] = "unknown"
		if l[matchFacet] >= 0 {
			row["mx_match"] = all[matchFacet][l[matchFacet]]["mx_match"]
		}
	}
	row["mx_patterns"] = []string{fmt.Sprintf("*.provider%d.example", (i+1)%4)}
	row["findings"] = []string{"policy_line_feed_ends"}
	if row["mx_match"] == "none" {
		row["mismatch"], row["findings"] = "typo", []string{"policy_line_feed_ends", "mx_not_covered"}
	}
}

// verdictOf is the verdict as docs/verdict.md has it, without probes.
func verdictOf(row observed) string {
	match := row["mx_match"]
	switch {
	case row["record"] == "absent":
		return "no_sts"
	case row["record"] == "unknown", row["policy"] == "unknown":
		return "unknown"
	case row["findings"] != nil && row["policy"] == "unreachable":
		return "unknown" // a limit of the client
	case row["policy"] != "valid":
		return "broken"
	case row["mode"] == "none":
		return "valid_none"
	case match == "unknown":
		return "unknown"
	case row["mode"] == "testing" && (match == "some" || match == "none"):
		return "testing_would_fail"
	case row["mode"] == "testing":
		return "testing_ok"
	}
	switch match {
	case "some":
		return "enforce_partial"
	case "none":
		return "enforce_refused"
	}
	return "enforce_ok"
}
